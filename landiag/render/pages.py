"""A page of ``landiag explain`` for the terminal: headings, lists and commands instead of raw Markdown. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from landiag.model.regex import regex
from landiag.render.escape import escape_text
from landiag.render.style import Style

_FENCE = regex(r"^```")
_ITEM = regex(r"^(\s*)([-*]|\d+\.) ")
_CODE = regex(r"`([^`]+)`")


def render_page(page: str, style: Style) -> str:
    """Render the Markdown of a page: text is wrapped, commands keep their lines and stand indented by 4."""
    return "\n".join(_lines(page, style)).strip("\n") + "\n"


def _lines(page: str, style: Style) -> Iterator[str]:
    is_code, paragraph = False, ""
    for line in page.splitlines():
        if _FENCE.match(line) or line.startswith("#") or not line.strip() or _ITEM.match(line) or is_code:
            yield from _paragraph(paragraph, style)
            paragraph = ""
        if _FENCE.match(line):
            is_code = not is_code
        elif is_code:
            yield escape_text(f"    {line}".rstrip())
        elif line.startswith("#"):
            yield from (style.paint(one, "bold") for one in style.wrap(line.lstrip("# "), rest="  "))
        elif not line.strip():
            yield ""
        else:
            paragraph = f"{paragraph} {line.strip()}" if paragraph else line.rstrip()
    yield from _paragraph(paragraph, style)


def _paragraph(text: str, style: Style) -> list[str]:
    if not text:
        return []
    item = _ITEM.match(text)
    first = item[0] if item is not None else ""
    return style.wrap(_CODE.sub(r"\1", text[len(first) :]), first=first)
