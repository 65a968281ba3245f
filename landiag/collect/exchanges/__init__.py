"""The records and parsers of what exchanges wrote down, one file a subject. Pure: the exchanges are in ``wire``."""
