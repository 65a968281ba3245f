"""Masking of secrets, always; of names and addresses, when that was asked for. Pure; nothing is written.

Nothing is imported here: every check masks command lines (``masking``), and few redact documents (``documents``).
"""
