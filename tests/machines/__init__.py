"""Synthetic machines of systems that no laboratory here runs: what they would answer, put together by hand.

``python -m tests.machines`` writes their cases into fixtures/ anew. The shapes of all texts are those of
recorded outputs; names, addresses and programs are made up.
"""
