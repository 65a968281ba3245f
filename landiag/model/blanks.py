"""Blanks and ends of lines in what tools print."""

from __future__ import annotations

from landiag.model.regex import regex

_ODD_BLANKS = regex("[\x0b\x0c\x1c-\x1f\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]")


def odd_blanks_shown(text: str) -> str:
    """A text in which lines end and words part only where its tool ended and parted them.

    Python takes some control characters, and blanks that are not ASCII, for blanks or ends of lines: those show as
    backslash escapes.
    """
    return _ODD_BLANKS.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
