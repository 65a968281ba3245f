"""Numbers in what others wrote: ``int`` takes digits of every script, and raises for thousands of them."""

from __future__ import annotations

MOST_DIGITS = 18


def parse_number(text: str, most: int = MOST_DIGITS) -> int | None:
    """A number of a few ASCII digits; None for anything else."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= most else None


def parse_port(text: str) -> int | None:
    """The number of a port, as a program's arguments name one; None for anything else."""
    number = parse_number(text, 5)
    return None if number is None or number > 65535 else number
