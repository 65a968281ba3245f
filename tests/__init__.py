"""The tests of landiag; they mirror the package."""
