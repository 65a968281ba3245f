"""Only what tools part words by parts words: other blanks are shown, so that nothing takes them for one."""

from __future__ import annotations

import sys

from landiag.model.facts import Reading, ReadStatus

BLANKS = [one for one in map(chr, range(sys.maxunicode)) if one.isspace() and one not in " \t\n\r"]


def test_every_other_blank_of_unicode_is_shown() -> None:
    for blank in BLANKS:
        text = Reading("x", ReadStatus.OK, f"-A{blank}INPUT".encode()).text
        assert text.split() == [text], f"{ord(blank):x}"
        assert text.splitlines() == [text], f"{ord(blank):x}"
