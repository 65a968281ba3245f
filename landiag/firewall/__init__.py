"""Firewalls: their text to one ruleset, and what that ruleset does with a packet."""
