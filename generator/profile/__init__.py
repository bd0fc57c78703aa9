"""What a profile is made of, used by the stages: the order of layers, references, the schema."""
