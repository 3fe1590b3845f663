"""What a view remembers, and what in it is new and stays."""
