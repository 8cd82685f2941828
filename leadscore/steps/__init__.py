"""Steps that several use cases share: reading a file, judging leads, writing a file."""
