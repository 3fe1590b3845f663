"""What a worker does for each kind of command; each is a function from a command to what was done."""
