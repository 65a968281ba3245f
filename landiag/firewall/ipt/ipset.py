"""`ipset save` to sets (ipset(8))."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address, ip_network
from itertools import pairwise

from landiag.firewall.ipt.rule import split_words
from landiag.firewall.nft.types import ICMP_TYPES, ICMPV6_TYPES
from landiag.model.facts import ParseError
from landiag.model.packet import PROTOCOL_NUMBERS
from landiag.model.sets import ElementSet, Key, Span

ANY_PROTOCOL: Span = (0, 255)


def parse_ipset_save(text: str) -> dict[str, ElementSet]:
    """The sets by name. Raises ParseError."""
    sets: dict[str, ElementSet] = {}
    lines: dict[str, list[list[str]]] = {}
    for number, line in enumerate(text.splitlines(), 1):
        words = split_words(line)
        if not words or words[0].startswith("#"):
            continue
        if words[0] == "create" and len(words) >= 3:
            lines[words[1]] = []
            sets[words[1]] = _create(words, lines[words[1]])
        elif words[0] == "add" and len(words) >= 3 and words[1] in sets:
            lines[words[1]].append(words[2:])
        else:
            raise ParseError(f"line {number}: {line[:60]!r} is not a line of ipset save")
    if not sets and text.strip():
        raise ParseError("no set of ipset save")
    if text and not text.endswith("\n"):
        raise ParseError("it is cut off inside its last line")
    return {name: _with_members(found, sets, lines[name]) for name, found in sets.items()}


def _create(words: Sequence[str], lines: list[list[str]]) -> ElementSet:
    method, _, parts = words[2].partition(":")
    kinds = tuple(parts.split(","))
    options = dict(pairwise(words[3:]))
    version = (
        None if method == "bitmap" and kinds == ("port",) else 6 if options.get("family") == "inet6" else 4
    )
    if "mac" in kinds and len(kinds) == 1:
        version = None
    netmask = int(options["netmask"]) if options.get("netmask", "").isdigit() else None
    bitmap = method == "bitmap"
    found = ElementSet(words[1], lambda: [_element(line, kinds, netmask, bitmap=bitmap) for line in lines])
    found.kinds, found.version = kinds, version
    return found


def _with_members(
    found: ElementSet, sets: dict[str, ElementSet], lines: Sequence[Sequence[str]]
) -> ElementSet:
    if found.kinds == ("set",):
        found.members = tuple(sets[line[0]] for line in lines if line[0] in sets)
    return found


def _element(
    words: Sequence[str], kinds: Sequence[str], netmask: int | None, *, bitmap: bool
) -> tuple[Key, object]:
    spans: list[Span] = []
    parts = words[0].split(",")
    try:
        for kind, part in zip(kinds, parts, strict=False):
            spans += _spans(kind, part, netmask, bitmap=bitmap)
    except ValueError as error:
        raise ParseError(f"{words[0]!r} is not an element that is known here") from error
    return tuple(spans), None if "nomatch" in words else True


def _spans(kind: str, text: str, netmask: int | None, *, bitmap: bool) -> list[Span]:
    if kind in ("ip", "net"):
        return [_addresses(text, netmask)]
    if kind == "port":
        return _port(text, bitmap=bitmap)
    if kind == "mac":
        number = int(text.replace(":", ""), 16)
        return [(number, number)]
    if kind == "mark":
        return [(int(text, 0), int(text, 0))]
    return [(text.removeprefix("physdev:"),) * 2]


def _addresses(text: str, netmask: int | None) -> Span:
    try:
        if "-" in text:
            low, _, high = text.partition("-")
            return (int(ip_address(low)), int(ip_address(high)))
        network = ip_network(text, strict=False)
        if netmask is not None and "/" not in text:
            network = ip_network(f"{text}/{netmask}", strict=False)
    except ValueError as error:
        raise ParseError(f"{text!r} is not an address") from error
    return (int(network[0]), int(network[-1]))


def _icmp(name: str, text: str) -> list[Span]:
    """A type of ICMP by name, or ``type/code``: the two make one number. A name may stand for a code too."""
    types = ICMP_TYPES if name == "icmp" else ICMPV6_TYPES
    kind, slash, code = text.partition("/")
    if not slash and kind not in types:
        return [(-1, -1), (-1, -1)]
    number = (int(kind) if slash else types[kind]) << 8 | int(code or 0)
    return [(PROTOCOL_NUMBERS[name],) * 2, (number, number)]


def _port(text: str, *, bitmap: bool) -> list[Span]:
    name, colon, ports = text.rpartition(":")
    low, _, high = ports.partition("-")
    if name in ("icmp", "icmpv6"):
        return _icmp(name, ports)
    if not low.isdigit():
        return [(-1, -1), (-1, -1)]  # a name that no packet has
    span = (int(low), int(high or low))
    if not colon:
        return [ANY_PROTOCOL if bitmap else (6, 6), span]
    number = int(name) if name.isdigit() else PROTOCOL_NUMBERS.get(name, -1)
    return [(number, number), span]
