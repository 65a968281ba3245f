"""Transcripts: what landiag says of a case that was recorded on a real host of the lab."""

from __future__ import annotations

import re

from tests.cases import load

MARK = "<!-- case: "
BLOCK = re.compile(
    r"(<!-- case: (\S+) -->\n```console\n((?:PS>|[#$])(?: sudo)? landiag [^\n]*\n)).*?(```\n)", re.DOTALL
)


def fill(page: str) -> str | None:
    """A page with each transcript as it is now; None for a page that has none."""
    if MARK not in page:
        return None
    filled, number = BLOCK.subn(lambda found: f"{found[1]}{load(found[2]).says.rstrip()}\n{found[4]}", page)
    if number != page.count(MARK):
        raise ValueError(f"a mark of a case without its block: {number} of {page.count(MARK)}")
    return filled
