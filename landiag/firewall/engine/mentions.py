"""By what a ruleset tells addresses apart: the spans of addresses and the masks that it mentions.

Two addresses fare alike where they lie in the same spans and are the same under every mask. What is read too finely
only makes more classes; where a text compares addresses in a way that is not read here, more is told apart.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from ipaddress import ip_address, ip_network

from msgspec import Struct

from landiag.firewall.engine.by_port import ANY, Part, parts
from landiag.firewall.engine.gaps import Gaps, Span, cut, span_of
from landiag.model.match import AllOf, AnyOf, InRanges
from landiag.model.operands import Field, Ranges
from landiag.model.regex import regex
from landiag.model.ruleset import Ruleset, Step
from landiag.model.sets import InSet


class Mentions(Struct, frozen=True):
    """What a ruleset mentions of one family: spans of addresses, where these begin and end, and masks."""

    spans: frozenset[Span] = frozenset()
    gaps: Gaps = Gaps()
    masks: frozenset[int] = frozenset()


class _Words(Struct, frozen=True):
    """How one family's addresses are written: ``mention`` has the address, and what may follow it: the length of a
    prefix, a netmask, a length in JSON, the other end of a range, the next word of a list."""

    version: int
    mention: re.Pattern[bytes]
    masked: re.Pattern[bytes]

    @property
    def whole(self) -> int:
        """The highest address."""
        return (1 << (32 if self.version == 4 else 128)) - 1


def _words(version: int, address: bytes) -> _Words:
    length = rb'/(\d{1,3})(?![\d.:])|/(%s)|", "len": (\d{1,3})' % address
    mention = rb'(%s)(?:%s|-(%s)|", "(%s)"\])?' % (address, length, address, address)
    masked = rb'"&": \[[^\[\]]*"field": "[sd]addr"\}\}, (?:"(%s)"|(\d+))\]' % address
    return _Words(version, re.compile(mention), re.compile(masked))


_WORDS = {
    4: _words(4, rb"\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}"),
    6: _words(6, rb"(?<![\w:.])[0-9a-fA-F]{0,4}(?::[0-9a-fA-F]{0,4}){2,7}"),
}
_RANGES = regex(rb'"range": \["?[^"\[\],]+"?, "?[^"\[\],]+"?\]')
_MASKS = regex(rb'"&": \[\{"payload": \{"protocol": "ip6?", "field": "[sd]addr"')
_SET_MASKS = regex(rb"^create .* netmask (\d{1,3})\b", re.MULTILINE)
_ORDERED = (
    regex(rb'"op": "[<>]=?", "left": \{[^\[\]]*\}, "right": "'),
    regex(rb"[<>]=? [0-9a-fA-F]*[.:]"),
)
"""Comparisons by order: whatever address a text with one mentions may be where an answer changes."""

_COMPUTED = regex(rb'"(?:[|^]|<<|>>)": \[\{"payload": \{"protocol": "ip6?", "field": "[sd]addr"|"base": "nh"')
"""What is made of an address in a way that is not read here: each address may be by itself."""


def mentioned(ruleset: Ruleset, version: int, ports: Ranges = ANY) -> Mentions:
    """What the rules that may concern a port mention of a family; worked out once for a ruleset."""
    known = _parts(ruleset, version)
    concerned = [part.concerns(ports) for part, _ in known]
    name = ("mentions", f"{version} {concerned}")
    found = ruleset.notes.get(name)
    if not isinstance(found, Mentions):
        several = [named for one, (_, named) in zip(concerned, known, strict=True) if one]
        spans = frozenset().union(*(one.spans for one in several))
        masks = frozenset().union(*(one.masks for one in several))
        found = ruleset.notes[name] = Mentions(spans, cut(spans, "rules"), masks)
    return found


def _parts(ruleset: Ruleset, version: int) -> tuple[tuple[Part, Mentions], ...]:
    """What is mentioned by the ports that it concerns."""
    name = ("mentions", str(version))
    found = ruleset.notes.get(name)
    if not isinstance(found, tuple):
        known = tuple(parts(ruleset)) if ruleset.texts else (Part(ANY, b""),)
        found = ruleset.notes[name] = tuple((part, _read(ruleset, part, _WORDS[version])) for part in known)
    return found


_PORTS = regex(rb"dports? ([\d,:]+)|\"field\": \"dport\"\}\}, \"right\": ([^}\n]*)")
"""Where a line names ports of a destination, as iptables and ``nft -j`` write it."""


def ports_named(ruleset: Ruleset) -> frozenset[int]:
    """The destination ports that rules name, of ranges both ends; named sets are not looked into."""
    found = (one for text in ruleset.texts for pair in _PORTS.findall(text) for one in pair)
    numbers = (int(word) for words in found for word in re.findall(rb"\d+", words))
    return frozenset(number for number in numbers if 0 < number < 1 << 16)


def _read(ruleset: Ruleset, part: Part, words: _Words) -> Mentions:
    if not ruleset.texts:
        steps = [step for chain in ruleset.chains() for rule in chain.rules for step in rule.steps]
        return Mentions(frozenset(_spans_of_steps(steps, words)))
    found = set(words.mention.findall(part.text))
    masks = frozenset(_masks(part.text, found, words)) - {0}
    return Mentions(frozenset(_spans(part.text, found, words)), masks=masks)


def _spans(text: bytes, mentions: set[tuple[bytes, ...]], words: _Words) -> set[Span]:
    found = {span for one in mentions for span in _span(one)}
    is_ordered = any(pattern.search(text) for pattern in _ORDERED)
    if is_ordered or text.count(b'"range"') != len(_RANGES.findall(text)):
        found |= {(edge, words.whole) for low, high in found for edge in (low, high + 1)}
    return found


def _span(found: tuple[bytes, ...]) -> Iterator[Span]:
    """The spans that one mention is of. A list's last two words look like a range: they are taken for both."""
    base, length, mask, json_length, *_ = (one.decode() for one in found)
    number, end = _number(found[0]), _number(found[4] or found[5])
    if number is None:
        return
    if end is not None and number <= end:
        yield number, end
    if found[4]:
        return
    if end is not None:
        yield end, end
    bits = length or json_length or _length_of(mask)
    try:
        network = ip_network(f"{base}/{bits}" if bits else base, strict=False)
    except ValueError:
        yield number, number
        return
    yield span_of(network)


def _number(word: bytes) -> int | None:
    try:
        return int(ip_address(word.decode()))
    except ValueError:
        return None


def _length_of(mask: str) -> str:
    """The length of the prefix that a netmask is; empty where it is none."""
    if not mask:
        return ""
    number, bits = _number(mask.encode()), 128 if ":" in mask else 32
    zeros = 0 if number is None else bits - number.bit_count()
    return str(bits - zeros) if number == (1 << bits) - (1 << zeros) else ""


def _masks(text: bytes, mentions: set[tuple[bytes, ...]], words: _Words) -> Iterator[int]:
    """The masks that are no prefixes, and those under which sets look for an address."""
    bits = 32 if words.version == 4 else 128
    for found in mentions:
        number = _number(found[2]) if found[2] and not _length_of(found[2].decode()) else None
        if number is not None:
            yield number
    for written, value in words.masked.findall(text):
        mask = _number(written) if written else int(value)
        yield words.whole if mask is None else mask & words.whole
    # What is told apart by a mask of the other family is told apart by its own words.
    read = sum(len(one.masked.findall(text)) for one in _WORDS.values())
    if len(_MASKS.findall(text)) != read or _COMPUTED.search(text):
        yield words.whole
    for length in set(_SET_MASKS.findall(text)):
        yield words.whole & ~((1 << max(0, bits - int(length))) - 1)


def _spans_of_steps(steps: Iterable[Step], words: _Words) -> Iterator[Span]:
    names = ("ip saddr", "ip daddr") if words.version == 4 else ("ip6 saddr", "ip6 daddr")
    for step in steps:
        if isinstance(step, AnyOf | AllOf):
            yield from _spans_of_steps(step.matches, words)
        elif isinstance(step, InRanges) and step.field in names:
            yield from step.values or ()
        elif isinstance(step, InSet):
            for operand, index in zip(step.operands, step.elements.indexes, strict=False):
                if isinstance(operand, Field) and operand.name in names:
                    yield from ((edge, words.whole) for edge in index.edges())
