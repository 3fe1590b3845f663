"""The sample district: a described small place, a seeded world in it, and its exact truth."""
