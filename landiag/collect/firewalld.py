"""The zones of firewalld, as they are in force and as they are stored for its next start (firewall-cmd(1))."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import Struct

from landiag.model.facts import Command, ParseError
from landiag.model.regex import regex

_ALL_ZONES = "--list-all-zones"
RUNNING = Command(f"firewall-cmd {_ALL_ZONES}", ("firewall-cmd", _ALL_ZONES), needs_root=True)
STORED = Command(
    f"firewall-cmd --permanent {_ALL_ZONES}", ("firewall-cmd", "--permanent", _ALL_ZONES), needs_root=True
)


class Zone(Struct, frozen=True):
    """A zone: what it lets in, from whom it takes packets, and what becomes of the rest (``target``)."""

    target: str = "default"
    interfaces: frozenset[str] = frozenset()
    sources: frozenset[str] = frozenset()
    services: frozenset[str] = frozenset()
    ports: frozenset[str] = frozenset()
    rules: frozenset[str] = frozenset()


Zones = Mapping[str, Zone]

_HEAD = regex(r"(\S+)(?: \([a-z, ]+\))?$")
_RULES = "rich rules"


def parse_zones(text: str) -> Zones:
    """Read the zones by their names. Raises ParseError."""
    return {name: _zone(fields) for name, fields in _blocks(text)}


def _zone(fields: Mapping[str, list[str]]) -> Zone:
    if "target" not in fields:
        raise ParseError("firewall-cmd: a zone without a target")
    lists = {name: frozenset(" ".join(fields.get(name, ())).split()) for name in _LISTS}
    return Zone(target=" ".join(fields["target"]), rules=frozenset(fields.get(_RULES, ())), **lists)


_LISTS = ("interfaces", "sources", "services", "ports")


def _blocks(text: str) -> Iterator[tuple[str, Mapping[str, list[str]]]]:
    """The fields of each zone: a line begins with its name, those of its fields are indented, a rule's by a tab."""
    name, key, fields = "", "", dict[str, list[str]]()
    for line in [*text.splitlines(), ""]:
        if line and not line[0].isspace():
            found = _HEAD.match(line)
            if found is None:
                raise ParseError(f"firewall-cmd: no zone: {line[:60]}")
            name = found[1]
        elif line.startswith("\t"):
            fields.setdefault(key, []).append(line.strip())
        elif line.strip():
            key, _, value = line.strip().partition(":")
            fields[key] = [value.strip()] if value.strip() else []
        elif name:
            yield name, fields
            name, fields = "", {}


def service_source(name: str) -> Command:
    """What asks which ports a stored service has."""
    words = ("firewall-cmd", "--permanent", f"--info-service={name}")
    return Command(" ".join(words), words, needs_root=True)


def parse_service(text: str) -> frozenset[str]:
    """The ports of a service: ``80/tcp``. Raises ParseError."""
    found = next((line for line in text.splitlines() if line.strip().startswith("ports:")), None)
    if found is None:
        raise ParseError("firewall-cmd: a service without ports")
    return frozenset(found.partition(":")[2].split())
