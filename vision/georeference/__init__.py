"""From image points to places on the ground, with their error."""
