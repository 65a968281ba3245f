"""landiag says why the other devices on this network cannot connect to your server."""

__version__ = "0.1.0"
