"""Synthetic machines of systems that no laboratory here runs: what they would answer, put together by hand.

They are made anew for each test; what landiag says of each stands in ``reports/NAME.txt``. The shapes of all texts
are those of recorded outputs; names, addresses and programs are made up.
"""
