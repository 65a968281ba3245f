"""Exchanges with a network or with this machine's own stack: each writes what it saw as a transcript.

They are asked with strings, bounded in time, and never raise for what the network does. The records and the parsers
of the transcripts are in ``landiag.collect.exchanges``.
"""
