"""Whom fail2ban bans, by jails: ``[{'sshd': ['192.168.77.20']}, {'shop': []}]`` (fail2ban-client(1), ``banned``)."""

from __future__ import annotations

import re

from landiag.model.facts import Command, ParseError
from landiag.model.regex import regex

BANNED = Command("fail2ban-client banned", ("fail2ban-client", "banned"), needs_root=True)

_JAIL = regex(r"\{'(?P<name>[^'\\]+)': \[(?P<banned>[^\]]*)\]\}")
_LIST = regex(r"\[(?:\{'[^'\\]+': \[[^\]]*\]\}(?:, )?)*\]")


def parse_banned(text: str) -> dict[str, tuple[str, ...]]:
    """Read whom each jail bans. Raises ParseError for anything that is no such list."""
    said = text.strip()
    if not _LIST.fullmatch(said):
        raise ParseError("fail2ban-client banned: this is no list of jails")
    found = _JAIL.finditer(said)
    return {one["name"]: tuple(re.findall(r"'([^']*)'", one["banned"])) for one in found}
