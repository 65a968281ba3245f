"""The version of landiag: the one place where it stands."""

__version__ = "0.1.0"
