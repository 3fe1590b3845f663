"""Figures, each a command."""
