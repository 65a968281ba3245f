"""Fixes built from what they change, for every check."""
