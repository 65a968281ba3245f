"""Ports that Windows passes on or keeps for itself, as netsh lists them."""

from __future__ import annotations

import re

from msgspec import Struct

from landiag.model.addresses import parse_ip
from landiag.model.facts import ParseError
from landiag.model.regex import regex


class PortProxy(Struct, frozen=True):
    """A port that the IP Helper service passes on: from an address of Windows (``*`` for all) to another host.

    Addresses may be names. ``listen_family`` and ``connect_family`` are IP versions, 4 or 6.
    """

    listen_address: str
    listen_port: int
    connect_address: str
    connect_port: int
    listen_family: int = 4
    connect_family: int = 4


_PROXY_ROW = regex(r"^(\S+)\s+(\d{1,5})\s+(\S+)\s+(\d{1,5})\s*$")
_FAMILIES = regex(r"\bipv([46])\b", re.IGNORECASE)


def parse_portproxy(text: str) -> tuple[PortProxy, ...]:
    """`netsh interface portproxy show all` (or one of its kinds); nothing printed means that there is none.

    A heading names both families of its table, whatever its language: ``Listen on ipv4:   Connect to ipv6:``.
    Raises ParseError for a line below the dashes that is no row, and where nothing tells a family.
    """
    families: tuple[int, int] | None = None
    found, in_table = list[PortProxy](), False
    for line in (one.strip() for one in text.splitlines()):
        row, named = _PROXY_ROW.match(line), _FAMILIES.findall(line)
        if row:
            listens, connects = families or (None, None)
            kinds = _family(row[1], listens), _family(row[3], connects)
            found.append(PortProxy(row[1], int(row[2]), row[3], int(row[4]), *kinds))
        elif line and (in_table or (line.startswith("---") and set(line) - {"-", " "})):
            raise ParseError(f"not a port that is passed on: {line[:60]!r}")
        elif len(named) == 2:
            families = (int(named[0]), int(named[1]))
        families = None if in_table and not line else families
        in_table = bool(line) and (in_table or line.startswith("-----"))
    return tuple(found)


def _family(address: str, named: int | None) -> int:
    """The IP version of an address; for a name or ``*`` the one of the heading."""
    try:
        return parse_ip(address).version
    except ValueError:
        if named is None:
            raise ParseError(f"nothing tells whether {address[:60]!r} is IPv4 or IPv6") from None
        return named


class PortRange(Struct, frozen=True):
    """Ports that Windows keeps; ``administered`` ones were reserved by somebody, others by a service."""

    first: int
    last: int
    administered: bool = False


_RANGE_ROW = regex(r"^\s*(\d{1,5})\s+(\d{1,5})\s*(\*?)\s*$")


def parse_excluded_ranges(text: str) -> tuple[PortRange, ...]:
    """`netsh interface ipv4 show excludedportrange tcp`. Raises ParseError when it shows no table at all."""
    if "---" not in text:
        raise ParseError("no table in it")
    found: list[PortRange] = []
    for line in text[text.index("---") :].splitlines()[1:]:
        row = _RANGE_ROW.match(line)
        if row:
            found.append(PortRange(int(row[1]), int(row[2]), bool(row[3])))
        elif re.match(r"\s*\d", line):
            raise ParseError(f"not a range of ports: {line.strip()[:60]!r}")
    return tuple(found)
