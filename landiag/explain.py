"""What a finding means: one page a code, from ``knowledge/causes``. Pure but for reading those pages."""

from __future__ import annotations

import difflib
import re
from importlib.resources import files

from landiag.model.causes import CODES

SECTIONS = ("What it means", "How to see it", "How to fix it", "Often confused with", "Sources")
"""The headings of every page, in order; ``How to fix it`` has one part for each operating system."""

SYSTEMS = ("Linux", "Windows", "macOS")
"""The parts of ``How to fix it`` that no page lacks; ``WSL2`` follows where it differs."""

NOTE = (
    "In the examples the server is 192.168.1.10 and listens on port 5000, the client is 192.168.1.20, their "
    "network 192.168.1.0/24, the interface eth0: put your own in their place."
)


class UnknownCodeError(ValueError):
    """No page explains this code; the message names codes that are spelled like it."""


def explain(code: str) -> str:
    """The page of a code, in Markdown. Blanks, underscores and capitals are forgiven.

    Raises UnknownCodeError when there is no such code.
    """
    wanted = re.sub(r"[\s_]+", "-", code.strip().lower())
    if wanted not in CODES:
        raise UnknownCodeError(_not_known(code, wanted))
    return f"{_page(wanted).rstrip()}\n\n{NOTE}\n"


def list_codes() -> tuple[tuple[str, str], ...]:
    """Every code with its title, in the order in which a person fixes them."""
    return tuple((code, _title(_page(code))) for code in CODES)


def all_pages() -> str:
    """All pages as one Markdown document with a table of contents."""
    contents = [f"- [{code}](#{code}): {title}" for code, title in list_codes()]
    pages = [_chapter(code, _page(code)) for code in CODES]
    return "\n".join(["# What landiag's findings mean", "", NOTE, "", *contents, "", *pages])


def _page(code: str) -> str:
    return (files("landiag.knowledge") / "causes" / f"{code}.md").read_text("utf-8")


def _title(page: str) -> str:
    """The first line's words behind the code: ``# code: title``."""
    return page.partition("\n")[0].partition(": ")[2]


def _chapter(code: str, page: str) -> str:
    """A page one level deeper, under a heading that is its code alone, so that links find it."""
    title, _, body = page.partition("\n")
    parts = re.split(r"(^```.*?^```$)", body, flags=re.MULTILINE | re.DOTALL)
    deeper = [part if part.startswith("```") else re.sub(r"(?m)^#", "##", part) for part in parts]
    return f"## {code}\n\n{title.partition(': ')[2].capitalize()}.\n{''.join(deeper)}"


def _not_known(code: str, wanted: str) -> str:
    shown = code if code.isprintable() and len(code) < 60 else "that"
    close = difflib.get_close_matches(wanted, CODES, 3, 0.5)
    close += [other for other in CODES if wanted and wanted in other and other not in close][:3]
    meant = f" (did you mean {' or '.join(close)}?)" if close else ""
    return f"there is no finding called {shown!r}{meant}: landiag explain lists all"
