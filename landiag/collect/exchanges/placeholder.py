"""Pages that web servers have for names that nobody has told them of: an empty one, or that of their installation."""

from __future__ import annotations

import re

from landiag.collect.exchanges.http import Attempt, End
from landiag.model.regex import regex

_WELCOMES = regex(
    r"<title>\s*(?:Welcome to (?:nginx|OpenResty|CentOS|XAMPP)|Apache2? .{0,30}Default Page|IIS Windows|Caddy works!"
    r"|Test Page for the |(?:HTTP|Apache) Server Test Page|Default Web Site Page)|<h1>\s*It works!\s*</h1>",
    re.IGNORECASE,
)
"""How the pages of installations begin: Debian's, Red Hat's and their own packages of these servers."""


def placeholder_in(attempt: Attempt) -> str | None:
    """What stands in the place of a page: in words; None where it is a page, or the answer is not whole."""
    answer = attempt.answer
    if answer is None or answer.status != 200 or attempt.end is not End.COMPLETE:
        return None
    if not answer.body_bytes:
        return "an empty page"
    return "the page of its installation" if _WELCOMES.search(answer.body.text or "") else None
