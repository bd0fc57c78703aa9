set A b
