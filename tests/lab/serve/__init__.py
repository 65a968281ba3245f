"""Scenarios of ``landiag serve``: a real browser on the client, faults on the server."""
