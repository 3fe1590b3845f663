"""What happens in the sample district: one module per sort of episode, all drawn from the seed."""
