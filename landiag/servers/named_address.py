"""The address that a server listens on, where its own command line names it: whatever the program is. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

from landiag.model.regex import regex
from landiag.model.urls import bracketed

_LOOPBACK = regex(
    r"(?<![\w.@-])(?P<host>localhost|127(?:\.\d{1,3}){3}|\[::1\]|::1)(?P<port>:\d+)?(?![\w.:-])"
)
_SCHEME = regex(r"[a-z]+://")
_NAME = regex(r"(?P<name>[\w.-]+)[=:](?:[a-z]+://)?$")
_OWN = regex(
    r"(?i)(?:^-{1,2}|^|[._-])(?:web|http|ui|gui|server|listen|bind)?[._-]?"
    r"(?:hosts?|hostname|bind|listen|addr(?:ess)?|ip|interface)$|^-[A-Za-z]$"
)
"""How programs call the address that they listen on: ``--web-host``, ``-B``, ``server.address``, ``bind``."""
_DEBUGGER = regex(r"(?i)inspect|debug|jdwp")
_OF_OTHERS = regex(
    r"(?i)db|database|sql|redis|mongo|pg|cache|queue|broker|amqp|upstream|backend|target|proxy|remote|connect|peer"
    r"|master|leader|api|auth|ldap|smtp|mail|statsd|allow|trust|forwarded|advertise|announce|public|external|origin"
    r"|base|root|url$"
)
"""What in an option's name says that another program's address follows, or that of those who may come."""


class Named(Struct, frozen=True):
    """The argument in which the address stands, and what it is with another address."""

    index: int
    before: str
    after: str


def named_address(arguments: tuple[str, ...], host: str, port: int | None) -> Named | None:
    """The argument that names the loopback address which the server listens on; None without one, or with several."""
    found = list(_places(arguments, port))
    sure = [place for place in found if place[1]] or found
    if len(sure) != 1:
        return None
    index, has_port, match = sure[0]
    word = arguments[index]
    shown = bracketed(host) if has_port else host
    return Named(index, word, word[: match.start("host")] + shown + word[match.end("host") :])


def _places(arguments: tuple[str, ...], port: int | None) -> Iterator[tuple[int, bool, re.Match[str]]]:
    """Each place of the server's own address: the argument, whether the server's port stands there too."""
    for index, word in enumerate(arguments):
        for match in _LOOPBACK.finditer(word):
            name = _name(arguments, index, word[: match.start()])
            if name is None or _OF_OTHERS.search(name) or match["port"] not in (None, f":{port}"):
                continue
            if match["port"] or _OWN.search(name):
                yield index, match["port"] is not None, match


def _name(arguments: tuple[str, ...], index: int, before: str) -> str | None:
    """What the value is called: by its own word, or by the option before it; empty where it stands alone."""
    if _DEBUGGER.search(before):
        return None
    if before and not _SCHEME.fullmatch(before):
        named = _NAME.search(before)
        return named["name"] if named else None
    previous = arguments[index - 1] if index else ""
    if _DEBUGGER.search(previous):
        return None
    if previous.startswith("-") and "=" not in previous:
        return previous
    return None if before else ""
