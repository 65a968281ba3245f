"""Scenarios of ``landiag watch``: packets that really arrive, and what is said of each."""
