"""What a pf rule can ask of a packet, as matches of the neutral model; pf_test_rule() in pf.c."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

from msgspec import Struct

from landiag.firewall.engine.fields import PacketFields
from landiag.firewall.pf.syntax import Name, Port
from landiag.knowledge.tables import read_tables
from landiag.model.facts import IPAddress
from landiag.model.match import AnyOf, InRanges, Match, UnknownMatch
from landiag.model.operands import Cuts, Fields
from landiag.model.packet import ABSENT, PROTOCOL_NUMBERS, TCP_FLAGS, AnythingBut, Packet

FLAG_LETTERS = {
    "F": "fin",
    "S": "syn",
    "R": "rst",
    "P": "psh",
    "A": "ack",
    "U": "urg",
    "E": "ecn",
    "W": "cwr",
}


@lru_cache(maxsize=1)
def _services() -> dict[str, int]:
    known = read_tables("services.toml")
    return {**known["udp"], **known["tcp"]}


@lru_cache(maxsize=1)
def _protocols() -> dict[str, int]:
    named: dict[str, int] = read_tables("services.toml")["protocols"]
    return {**named, **PROTOCOL_NUMBERS, "icmp6": 58}


def port_number(word: str) -> int | None:
    """A port by number or by the name that pfctl prints; None for a name that is not known."""
    return int(word) if word.isdecimal() else _services().get(word.lower())


def ranges_of(port: Port, top: int = 65535) -> tuple[tuple[int, int], ...] | None:
    """The values that a comparison lets through, pf_match(); None where a name in it is not known."""
    low = port_number(port.low) if port.low else 0
    high = low if port.high is None else port_number(port.high) if port.high else top
    if low is None or high is None:
        return None
    found = {
        "": [(low, low)], "=": [(low, low)], "!=": [(0, low - 1), (low + 1, top)], "<": [(0, low - 1)],
        "<=": [(0, low)], ">": [(low + 1, top)], ">=": [(low, top)], ":": [(low, high)],
        "><": [(low + 1, high - 1)], "<>": [(0, low - 1), (high + 1, top)],
    }[port.operator]  # fmt: skip
    return tuple((a, b) for a, b in found if a <= b)


def ports(field: str, wanted: Sequence[Port], text: str) -> Match:
    """The port passes one of the comparisons."""
    matches: list[Match] = []
    known: list[tuple[int, int]] = []
    for port in wanted:
        ranges = ranges_of(port)
        if ranges is None:
            matches.append(UnknownMatch(f"{text}: the port {port.low} is not known by that name"))
        else:
            known += ranges
    if known or not matches:
        matches.insert(0, InRanges(field, tuple(known), text))
    return matches[0] if len(matches) == 1 else AnyOf(tuple(matches), text)


def protocols(wanted: Sequence[Name]) -> Match:
    """The packet's protocol is one of these."""
    numbers = []
    for name in wanted:
        number = int(name.text) if name.text.isdecimal() else _protocols().get(name.text)
        if number is None:
            return UnknownMatch(f"proto {name.text}")
        numbers.append((number, number))
    return InRanges("meta l4proto", tuple(numbers), "proto")


def flags(value: str) -> Match | None:
    """``S/SA``: of these flags exactly those are set; packets that are not TCP pass. None for ``any``."""
    if value == "any":
        return None
    wanted, _, mask = value.partition("/")
    if not set(wanted + mask) <= set(FLAG_LETTERS):
        return UnknownMatch(f"flags {value}")
    bits = sum(TCP_FLAGS[FLAG_LETTERS[letter]] for letter in wanted)
    among = sum(TCP_FLAGS[FLAG_LETTERS[letter]] for letter in mask) if mask else 0xFF
    exact = InRanges("tcp flags", ((bits, bits),), f"flags {value}", mask=among)
    return AnyOf((InRanges("meta l4proto", ((6, 6),), negated=True), exact), f"flags {value}")


Groups = Mapping[str, frozenset[str]]
"""Groups of interfaces and what is in them, as ifconfig lists them. A group that nobody listed is not known."""
NO_GROUPS: Groups = {}


class OnInterface(Match, Struct, frozen=True):
    """The packet passes one of the interfaces; names without a number are groups, whose members may be known."""

    field: str
    names: tuple[Name, ...]
    text: str
    groups: Groups = NO_GROUPS

    def test(self, fields: Fields) -> bool | None:
        """Compare the interface's name."""
        value = fields[self.field]
        answers = [self._one(name, value) for name in self.names]
        if True in answers:
            return True
        return None if None in answers else False

    def cuts(self, fields: Fields) -> Cuts:  # noqa: ARG002
        """Names are no numbers."""
        return {}

    def _one(self, name: Name, value: object) -> bool | None:
        if name.text in ("any", "all"):
            return not name.negated
        if value is ABSENT or value == "":
            return False
        same: bool | None = None
        if isinstance(value, str):
            same = value == name.text
            if not same and not name.text[-1:].isdigit():
                same = _in_group(value, name.text, self.groups)
        elif isinstance(value, AnythingBut) and name.text in ("lo0", "lo"):
            same = False
        return same if same is None else same is not name.negated


_DRIVERS = frozenset(
    ("lo", "tun", "tap", "wg", "gif", "gre", "bridge", "vlan", "pppoe", "ppp", "carp", "pflog", "pfsync", "enc",
     "epair", "vether", "lagg", "trunk", "utun", "awdl")
)  # fmt: skip
"""Groups that every interface of one driver is in by itself, ifconfig(8); nobody puts a card into them."""


def _in_group(interface: str, group: str, groups: Groups) -> bool | None:
    """Whether an interface is in a group: in that of its driver, in one that lists it; in an unlisted one perhaps."""
    if interface.rstrip("0123456789") == group:
        return True
    if group in groups:
        return interface in groups[group]
    return False if group in _DRIVERS else None


def packet_of(fields: Fields) -> Packet | None:
    """The packet behind the fields."""
    return fields.packet if isinstance(fields, PacketFields) else None


def address_of(packet: Packet, side: str) -> IPAddress | None:
    """The ``source`` or ``destination`` of a packet."""
    return packet.source if side == "source" else packet.destination
