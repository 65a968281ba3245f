"""A program that has the port of UDP where nothing listens on that of TCP: game servers, DNS, WireGuard, HTTP/3."""

from __future__ import annotations

import re

from landiag.checks.case import Case
from landiag.collect.xfrm import UDP, UDP6
from landiag.model.facts import Source


def plan(case: Case) -> tuple[Source, ...]:
    """Read who has UDP ports, where nobody has the one of TCP."""
    return (UDP, UDP6) if case.facts.os == "linux" and not case.listeners else ()


def has_port(case: Case) -> bool:
    """Whether a UDP socket of the port can be seen."""
    line = re.compile(rf"^ *\d+: [0-9A-F]+:{case.port:04X} ", re.MULTILINE)
    told = (case.readings.get(one.name) for one in plan(case))
    return any(one is not None and line.search(one.text) is not None for one in told)
