set A 'b
