"""A program that has the port of UDP where nothing listens on that of TCP: game servers, DNS, WireGuard, HTTP/3."""

from __future__ import annotations

import re

from landiag.checks.case import Case
from landiag.collect.xfrm import UDP, UDP6
from landiag.model.facts import Source
from landiag.model.regex import regex


def plan(case: Case) -> tuple[Source, ...]:
    """Read who has UDP ports, where nobody has the one of TCP."""
    return (UDP, UDP6) if case.facts.os == "linux" and not case.listeners else ()


def has_port(case: Case) -> bool:
    """Whether a UDP socket of the port can be seen."""
    told = [case.parse(source, _parse_ports) for source in plan(case)]
    return any(isinstance(ports, frozenset) and case.port in ports for ports in told)


_SOCKET = regex(r"^ *\d+: [0-9A-F]+:([0-9A-F]{4}) ", re.MULTILINE)


def _parse_ports(text: str) -> frozenset[int]:
    """The local ports of /proc/net/udp and udp6, proc_net(5)."""
    return frozenset(int(port, 16) for port in _SOCKET.findall(text))
