set A (b
