FROM a
