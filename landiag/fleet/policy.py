"""A policy: who shall reach what. Parsed strictly: a misspelt key is an error that names the nearest one."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping
from ipaddress import ip_address, ip_network
from typing import Any

from msgspec import Struct

from landiag.knowledge.toml import parse_toml
from landiag.model.facts import IPAddress, IPNetwork
from landiag.model.regex import regex

SCHEMA = "landiag.policy/1"
MAX_PORTS = 1000
"""How many ports one expectation may name."""

_TOP = ("schema", "zones", "groups", "expect")
_KEYS = ("name", "to", "port", "protocol", "from", "be", "only", "except", "address")
_BE = ("reachable", "unreachable")
_PROTOCOLS = ("tcp", "udp")
_RANGE = regex(r"(\d{1,5})(?:-(\d{1,5}))?")


class PolicyError(ValueError):
    """A policy cannot be used; the message says where and what to do."""


class Expectation(Struct, frozen=True):
    """One ``[[expect]]``. ``number`` counts from 1; ``clients`` is ``from``, ``excluded`` is ``except``."""

    number: int
    to: tuple[str, ...]
    ports: tuple[int, ...]
    clients: tuple[str, ...]
    is_reachable: bool
    protocol: str = "tcp"
    only: bool = False
    excluded: tuple[str, ...] = ()
    address: IPAddress | None = None
    name: str = ""

    @property
    def title(self) -> str:
        """The expectation in one line."""
        many = len(self.clients) > 1
        be = (
            ("reach" if many else "reaches")
            if self.is_reachable
            else ("do" if many else "does") + " not reach"
        )
        who = f"only {', '.join(self.clients)}" if self.only else ", ".join(self.clients)
        text = f"{who} {be} {', '.join(self.to)} on {describe_ports(self.ports)}"
        return f"{self.name}: {text}" if self.name else text


class Policy(Struct, frozen=True):
    """A policy as it was written: zones are networks, groups are names, globs and ``inventory:NAME``."""

    expectations: tuple[Expectation, ...]
    zones: Mapping[str, tuple[IPNetwork, ...]] = {}
    groups: Mapping[str, tuple[str, ...]] = {}


def describe_ports(ports: tuple[int, ...]) -> str:
    """Ports as ranges: ``8000-8010, 9000``."""
    spans: list[list[int]] = []
    for port in sorted(ports):
        if spans and port == spans[-1][1] + 1:
            spans[-1][1] = port
        else:
            spans.append([port, port])
    return ", ".join(str(low) if low == high else f"{low}-{high}" for low, high in spans)


def parse_policy(text: str) -> Policy:
    """Parse a policy. Raises PolicyError with one sentence."""
    try:
        document = parse_toml(text)
    except (ValueError, RecursionError) as error:
        raise PolicyError(f"it is not TOML: {error}") from error
    _check_keys(document, _TOP, "at the top")
    schema = document.get("schema")
    if schema != SCHEMA:
        has = "it names no schema" if schema is None else f"its schema is {schema!r}"
        raise PolicyError(f'{has}: it must begin with schema = "{SCHEMA}"')
    zones = {name: _parse_zone(name, one) for name, one in _table(document, "zones").items()}
    groups = {name: _names(one, f"group {name}") for name, one in _table(document, "groups").items()}
    for name in zones.keys() & groups.keys():
        raise PolicyError(f"{name} is both a zone and a group: rename one of them")
    rows = document.get("expect", [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise PolicyError("its expectations must be written as [[expect]] tables")
    if not rows:
        raise PolicyError("it expects nothing: add an [[expect]] table")
    return Policy(tuple(_parse_row(number, row) for number, row in enumerate(rows, 1)), zones, groups)


def nearest(word: str, known: Collection[str]) -> str:
    """A hint that names the nearest of the known words; empty where none is near."""
    found = difflib.get_close_matches(word, list(known), 1, 0.6)
    return f": did you mean {found[0]}?" if found else ""


def _table(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = document.get(name, {})
    if not isinstance(found, dict):
        raise PolicyError(f"[{name}] must be a table")
    return found


def _check_keys(row: Mapping[str, Any], known: tuple[str, ...], where: str) -> None:
    for key in row:
        if key not in known:
            hint = nearest(key, known) or f": the keys here are {', '.join(known)}"
            raise PolicyError(f"{where} there is no key {key!r}{hint}")


def _parse_zone(name: str, value: Any) -> tuple[IPNetwork, ...]:
    try:
        return tuple(ip_network(one, strict=False) for one in _names(value, f"zone {name}"))
    except ValueError as error:
        raise PolicyError(f"zone {name} holds what is no network ({error}): write 192.168.77.0/24") from error


def _names(value: Any, where: str) -> tuple[str, ...]:
    found = [value] if isinstance(value, str) else value
    if not isinstance(found, list) or not found or not all(isinstance(one, str) and one for one in found):
        raise PolicyError(f"{where} must be a name or a list of names")
    return tuple(found)


def _parse_row(number: int, row: Mapping[str, Any]) -> Expectation:
    where = f"in expectation {number}"
    _check_keys(row, _KEYS, where)
    for key in ("to", "port", "from", "be"):
        if key not in row:
            raise PolicyError(f"{where} {key!r} is missing")
    be, protocol, only = row["be"], row.get("protocol", "tcp"), row.get("only", False)
    _one_of(be, _BE, f"{where} 'be'")
    _one_of(protocol, _PROTOCOLS, f"{where} 'protocol'")
    if not isinstance(only, bool):
        raise PolicyError(f"{where} 'only' must be true or false")
    if only and be == "unreachable":
        raise PolicyError(f"{where} 'only' needs be = \"reachable\"")
    return Expectation(
        number=number,
        to=_names(row["to"], f"{where} 'to'"),
        ports=_parse_ports(row["port"], where),
        clients=_names(row["from"], f"{where} 'from'"),
        is_reachable=be == "reachable",
        protocol=protocol,
        only=only,
        excluded=_names(row["except"], f"{where} 'except'") if row.get("except") else (),
        address=_parse_address(row.get("address"), where),
        name=str(row.get("name", "")),
    )


def _one_of(value: Any, known: tuple[str, ...], where: str) -> None:
    if value not in known:
        hint = nearest(str(value), known) or f": choose {' or '.join(known)}"
        raise PolicyError(f"{where} is {value!r}{hint}")


def _parse_address(value: Any, where: str) -> IPAddress | None:
    if value is None:
        return None
    try:
        return ip_address(value)
    except ValueError as error:
        raise PolicyError(f"{where} 'address' is {value!r}, which is no address") from error


def _parse_ports(value: Any, where: str) -> tuple[int, ...]:
    found: set[int] = set()
    for one in value if isinstance(value, list) else [value]:
        match = None if isinstance(one, bool) else _RANGE.fullmatch(str(one))
        if match is None:
            raise PolicyError(f"{where} 'port' is {one!r}: write 5432, \"8000-8010\" or a list of them")
        low, high = int(match[1]), int(match[2] or match[1])
        if not 1 <= low <= high <= 65535 or high - low >= MAX_PORTS:
            raise PolicyError(f"{where} 'port' is {one!r}: ports are 1 to 65535, at most {MAX_PORTS} of them")
        found.update(range(low, high + 1))
    if not found or len(found) > MAX_PORTS:
        raise PolicyError(f"{where} 'port' must name 1 to {MAX_PORTS} ports")
    return tuple(sorted(found))
