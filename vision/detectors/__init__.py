"""Detector back-ends and where in a picture they look."""
