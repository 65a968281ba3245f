"""What a browser does with a page that it got: what it loads, what of that from localhost, and where it goes on."""

from __future__ import annotations

import re

from landiag.model.regex import regex

_LOCAL = r"(?:https?|wss?)://(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1\])"
_LOCAL_URL = regex(rf"{_LOCAL}(?::\d+)?", re.IGNORECASE)
_LOCAL_PORT = regex(rf"{_LOCAL}:\d+", re.IGNORECASE)
_SCRIPT = regex(r"""<script\b[^>]{0,300}?\bsrc=["']?(/(?!/)[^"'\s>]{1,300})""", re.IGNORECASE)
_LOADED = regex(
    r"""<(?:script\b[^>]{0,300}?\bsrc|link\b[^>]{0,300}?\bhref)=["']?(https?://[^"'\s>]{1,300})""",
    re.IGNORECASE,
)
_COMMENT = regex(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_CODE = regex(
    r"<(script|style)\b[^>]{0,2000}>.*?(?:</\1|\Z)|<[a-z!/][^>]{0,2000}>", re.DOTALL | re.IGNORECASE
)
_REFRESH = regex(r"""<meta\b(?=[^>]{0,300}http-equiv=["']?refresh)[^>]{0,300}>""", re.IGNORECASE)
_NEXT = regex(r"""\d\s*[;,]\s*url\s*=\s*["']?([^"'>\s]{1,300})""", re.IGNORECASE)


def scripts_of(page: str) -> tuple[str, ...]:
    """The scripts that a page loads from its own server, by their paths."""
    return tuple(dict.fromkeys(found[1] for found in _SCRIPT.finditer(page)))


def loaded_urls(page: str) -> tuple[str, ...]:
    """The scripts and styles that a page loads from servers that it names."""
    return tuple(dict.fromkeys(found[1] for found in _LOADED.finditer(_COMMENT.sub("", page))))


def local_url(text: str, content_type: str | None) -> str | None:
    """The first address of localhost that a browser would load something from; what a page only tells is none.

    Programs name localhost without a port where any address would do, so that one counts in pages alone.
    """
    kind = (content_type or "text/html").lower()
    if "html" in kind:
        code = (found[0] for found in _CODE.finditer(_REFRESH.sub("", _COMMENT.sub("", text))))
        return next((found[0] for found in map(_LOCAL_URL.search, code) if found is not None), None)
    found = (_LOCAL_PORT if "script" in kind else _LOCAL_URL).search(text)
    return None if found is None else found[0]


def refresh_url(text: str, header: str | None) -> str | None:
    """Where a page sends the browser by itself (the header Refresh, or http-equiv=refresh); None where it stays."""
    meta = _REFRESH.search(_COMMENT.sub("", text))
    said = header or ("" if meta is None else meta[0])
    found = _NEXT.search(said)
    return None if found is None else found[1]
