"""The stages of the compiler, one module each; a stage imports no other stage."""
