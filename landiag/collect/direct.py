"""The direct rules of firewalld: ``ipv4 filter INPUT 0 -p tcp --dport 5000 -j DROP`` (firewall-cmd(1))."""

from __future__ import annotations

import shlex

from landiag.model.direct import DirectRule
from landiag.model.facts import Command, ParseError

DIRECT = Command(
    "firewall-cmd --direct --get-all-rules",
    ("firewall-cmd", "--direct", "--get-all-rules"),
    needs_root=True,
)

_VERSIONS = {"ipv4": 4, "ipv6": 6}


def parse_direct(text: str) -> tuple[DirectRule, ...]:
    """Read the direct rules of IPv4 and IPv6; those of bridges are left out. Raises ParseError."""
    try:
        lines = [shlex.split(line) for line in text.splitlines() if line.strip()]
        return tuple(_rule(*words) for words in lines if words[0] != "eb")
    except (KeyError, TypeError, ValueError) as error:
        raise ParseError(f"firewall-cmd: no list of direct rules: {error}") from error


def _rule(version: str, table: str, chain: str, priority: str, *words: str) -> DirectRule:
    return DirectRule(_VERSIONS[version], table, chain, int(priority), words)
