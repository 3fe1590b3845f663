"""Believing slowly that a thing is there or gone."""
