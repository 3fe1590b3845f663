"""The sample district: a described small city with exact truth, drawn from parts."""
