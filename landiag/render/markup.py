"""HTML and SVG built from elements: text is always escaped, so that nothing from outside becomes markup."""

from __future__ import annotations

import html

from landiag.render.escape import escape_text

_VOID = frozenset(("meta", "br", "hr"))
_FORMULA = ("=", "+", "-", "@")


class Markup(str):
    """Text that is markup already. Only ``element`` and ``group`` make it."""

    __slots__ = ()


def element(name: str, *children: str | Markup, **attributes: str | int | None) -> Markup:
    """Make an element. Children that are plain text are escaped, and so are attributes.

    An underscore at the end of an attribute's name falls away (``class_``), others become hyphens; None
    leaves the attribute out.
    """
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{html.escape(escape_text(str(value)))}"'
        for key, value in attributes.items()
        if value is not None
    )
    inner = "" if name in _VOID else f"{group(*children)}</{name}>"
    return Markup(f"<{name}{written}>{inner}")


def group(*children: str | Markup) -> Markup:
    """Join markup and texts, the texts escaped; line feeds and tabs stay."""
    return Markup("".join(child if isinstance(child, Markup) else _escape(child) for child in children))


def trusted(text: str) -> Markup:
    """Take a constant of landiag's own (a style sheet) as it is. Never for anything that was read."""
    return Markup(text)


def cell(text: str) -> Markup:
    """Make a table cell that a spreadsheet, when the table is pasted there, takes for text and no formula."""
    return element("td", _defused(text))


def code_cell(text: str) -> Markup:
    """Make such a cell for text that stands as code."""
    return element("td", element("code", _defused(text)))


def _defused(text: str) -> str:
    return f"'{text}" if text.lstrip().startswith(_FORMULA) else text


def _escape(text: str) -> str:
    return html.escape(escape_text(text, keep="\n\t"))
