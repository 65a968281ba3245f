"""Where a program that takes a port of this machine carries it to, in a container's network.

pasta(1): ``-t 5000-5000:80-80`` on its command line says to which port inside; docker-proxy names address and port
(``-container-ip``, ``-container-port``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import ip_address
from itertools import pairwise

from msgspec import Struct

from landiag.model.facts import IPAddress
from landiag.model.numbers import parse_port
from landiag.model.process import Process
from landiag.model.regex import regex

_RULE = regex(
    r"(?:[^/]+/)?(?P<first>\d{1,5})(?:-(?P<last>\d{1,5}))?(?::(?P<inner>\d{1,5})(?:-\d{1,5})?)?", re.ASCII
)


class Carried(Struct, frozen=True):
    """Where a port is carried to; ``ip`` is None where it is whatever the container's network has."""

    port: int
    ip: IPAddress | None = None


def place_of(owners: Iterable[Process], port: int) -> Carried | None:
    """Where those who hold a port of the host carry it to; None where none of them carries it anywhere."""
    found = (carried_to(process, port) for process in owners)
    return next((place for place in found if place is not None), None)


def carried_to(process: Process, port: int) -> Carried | None:
    """Where a process says that it carries a port of the host; None where it carries it nowhere."""
    if process.name.startswith(("pasta", "passt")):
        return _by_pasta(process.argv, port)
    named = dict(pairwise(process.argv))
    ip, inner, outer = (named.get(f"-{word}", "") for word in ("container-ip", "container-port", "host-port"))
    number = parse_port(inner)
    if named.get("-proto") != "tcp" or number is None or parse_port(outer) != port:
        return None
    try:
        return Carried(number, ip_address(ip))
    except ValueError:
        return None


def _by_pasta(argv: tuple[str, ...], port: int) -> Carried | None:
    for option, value in pairwise(argv):
        for rule in value.split(",") if option in ("-t", "--tcp-ports") else ():
            found = _RULE.fullmatch(rule)
            if found and int(found["first"]) <= port <= int(found["last"] or found["first"]):
                return Carried(int(found["inner"] or found["first"]) + port - int(found["first"]))
    return None
