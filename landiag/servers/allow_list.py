"""The addresses that a server's own files name: those of its list of who may come, else all of them. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from landiag.model.regex import regex
from landiag.servers.kinds import ServerKind

_COMMENT = regex(r"(?m)(?:^|\s)#.*$")
_ADDRESS = regex(r"(?<![\w.:/])(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9A-Fa-f]*:[0-9A-Fa-f:]+)(?:/\d{1,3})?(?![\w.:])")
_EVERYBODY = ("0.0.0.0/0", "::/0")
_MOST = 200


def named_networks(kind: ServerKind, text: str) -> list[str]:
    """Those in a file, as they are written; where this server's words for it are known, those that it lets in."""
    plain = _COMMENT.sub("", text)
    found = _listed(kind.lets_in, plain) if kind.lets_in else (match[0] for match in _ADDRESS.finditer(plain))
    return list(dict.fromkeys(found))[:_MOST]


def _listed(pattern: str, text: str) -> Iterator[str]:
    for match in re.finditer(pattern, text):
        for word in match["who"].split():
            yield from _EVERYBODY if word in ("all", "granted") else (word,)
