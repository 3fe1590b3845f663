"""Masking of people and vehicles."""
