"""The words that many matches of iptables share: addresses, ports, interfaces, masked numbers, tables of options."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from ipaddress import ip_address, ip_network

from landiag.firewall.engine.gaps import span_of
from landiag.firewall.ipt.options import Lower, Option, Setting
from landiag.model.facts import ParseError
from landiag.model.match import InRanges, Match, Names, UnknownMatch
from landiag.model.operands import Ranges
from landiag.model.packet import PROTOCOL_NUMBERS
from landiag.model.strict import integer


def protocol_number(name: str) -> int:
    """A protocol by name or number."""
    if name[:1].isdigit():
        return integer(name)
    if name.lower() not in PROTOCOL_NUMBERS:
        raise ParseError(f"{name!r} is not a protocol that is known here")
    return PROTOCOL_NUMBERS[name.lower()]


def interface(name: str, option: Option) -> Match:
    """An interface, or all that begin so (``eth+``)."""
    value = option.value
    if value.endswith("+"):
        return Names(name, frozenset(), (value[:-1],), option.text, option.negated)
    return Names(name, frozenset({value}), (), option.text, option.negated)


def number_of(word: str, version: int) -> int:
    """An address as a number. Raises ParseError for one of the other IP version: no tool takes that."""
    found = ip_address(word)
    if found.version != version:
        raise ParseError(f"{word} is no address of IPv{version}")
    return int(found)


def address(name: str, value: str, setting: Setting, text: str) -> Match:
    """An address with a mask; a mask with holes is compared bit by bit.

    ``0.0.0.1/0.0.0.1`` is such a mask here (iptables(8)), and not the wildcard mask that ``ip_network`` reads.
    """
    base, _, mask = value.partition("/")
    whole = (1 << (32 if setting.version == 4 else 128)) - 1
    if mask.isdigit() or not mask:
        number_of(base, setting.version)
        return InRanges(name, (span_of(ip_network(value, strict=False)),), text)
    bits = number_of(mask, setting.version)
    wanted, free = number_of(base, setting.version) & bits, whole & ~bits
    if free & (free + 1) == 0:
        return InRanges(name, ((wanted, wanted | free),), text)
    return InRanges(name, ((wanted, wanted),), text, mask=bits)


def ports(value: str) -> Ranges:
    """``22``, ``80:90``, ``:1023``, ``22,80:90``; names are refused."""
    ranges = []
    for part in value.split(","):
        low, colon, high = part.partition(":")
        if not low and not (colon and high):
            raise ParseError(f"{part!r} is no port")
        first = integer(low or "0")
        ranges.append((first, integer(high or "65535") if colon else first))
    return tuple(ranges)


def masked(name: str, value: str, option: Option) -> Match:
    """``value/mask`` of a mark."""
    number, _, mask = value.partition("/")
    wanted = integer(number)
    bits = integer(mask) if mask else 0xFFFFFFFF
    return InRanges(name, ((wanted, wanted),), option.text, option.negated, bits)


def each(table: Mapping[str, Callable[[Option, Setting], Match]]) -> Lower:
    """A module each of whose options is a condition of its own."""

    def lower(options: Sequence[Option], setting: Setting) -> Sequence[Match]:
        return [table[option.name](option, setting) if option.name in table else UnknownMatch(option.text)
                for option in options]  # fmt: skip

    return lower


def hold(options: Sequence[Option], known: Mapping[str, int]) -> None:
    """Raise ParseError where an option is none of these, each with the number of its values."""
    for option in options:
        if known.get(option.name) != len(option.values):
            raise ParseError(f"{option.text} is not known here")


def always(known: Mapping[str, int]) -> Lower:
    """A module that puts no condition on packets."""

    def lower(options: Sequence[Option], setting: Setting) -> Sequence[Match]:  # noqa: ARG001
        hold(options, known)
        return []

    return lower
