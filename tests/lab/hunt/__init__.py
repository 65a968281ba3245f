"""Random machines, judged by real clients (``python -m tests.lab.hunt --seeds A-B``)."""
