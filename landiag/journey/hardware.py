"""Clients as rules tell them apart by the hardware addresses that their frames come from."""

from __future__ import annotations

from msgspec.structs import replace

from landiag.journey.journey import follow_through
from landiag.journey.link import HEARD, heard_mac
from landiag.model.facts import Unknown
from landiag.model.host import Facts
from landiag.model.packet import Packet
from landiag.model.regex import regex
from landiag.model.ruleset import Ruleset, Verdict

_MAC = regex(rb"(?<![0-9a-f:])(?:[0-9a-f]{2}:){5}[0-9a-f]{2}(?![0-9a-f:])")
_PART = regex(rb":[0-9a-fA-F]{2}:[0-9a-fA-F]{2}:")
"""What each of them has in it, and hardly anything else: looked for first, as it begins with a fixed character."""

_COMPARED = regex(
    rb'"(?:&|range|\|)": ?\[[^\[]{0,80}"ether"|"range": ?\["?(?:[0-9a-f]{2}:){5}|(?:[0-9a-f]{2}:){5}[0-9a-f]{2}[/-]'
)
"""Hardware addresses by their makers' part or in ranges: whom such a rule means is not told by those it names."""

_ANY = ("02:00:5e:10:00:00", "02:00:5e:10:00:01")
"""Addresses as devices make them up: rules that name one of these do not name the other."""


def named_hardware(ruleset: Ruleset) -> frozenset[str] | None:
    """The hardware addresses that rules and sets name; None where they compare parts or ranges of them.

    Worked out once for a ruleset.
    """
    name = ("hardware", "named")
    if name not in ruleset.notes:
        ruleset.notes[name] = _named(ruleset)
    found = ruleset.notes[name]
    return found if isinstance(found, frozenset) else None


def _named(ruleset: Ruleset) -> frozenset[str] | None:
    found: set[str] = set()
    for text in (text.lower() for text in ruleset.texts if _PART.search(text)):
        macs = set(_MAC.findall(text))
        if macs and _COMPARED.search(text):
            return None
        found |= {mac.decode() for mac in macs}
    return frozenset(found)


def with_hardware(facts: Facts, packet: Packet) -> Packet:
    """The packet of an ordinary client: from its own hardware address where rules name that, else from one that none
    names. It stays without where rules name none, or compare parts of them."""
    named = _named_of(facts)
    if not named:
        return packet
    heard = heard_mac(facts, packet)
    mac = heard if heard in named else next((one for one in _ANY if one not in named), None)
    return replace(packet, source_mac=mac)


def are_named_let_in(facts: Facts, packet: Packet) -> bool:
    """Whether a device passes whose hardware address rules name, where this packet of one that they do not name is
    stopped."""
    ruleset, named = facts.ruleset, _named_of(facts)
    if not named or isinstance(ruleset, Unknown) or packet.source_mac not in _ANY:
        return False
    listed = (replace(packet, source_mac=mac) for mac in sorted(named)[:_MOST_ASKED])
    return any(follow_through(facts, ruleset, one).verdict is Verdict.ACCEPT for one in listed)


_MOST_ASKED = 16
"""So many of the hardware addresses that rules name are tried."""


def edges_of_hardware(facts: Facts, device: str) -> list[int]:
    """Where the neighbours of a link lie whose hardware addresses rules name."""
    named = _named_of(facts)
    if not named or isinstance(facts.neighbours, Unknown):
        return []
    found = [
        one for one in facts.neighbours if one.device == device and one.mac in named and HEARD & {*one.states}
    ]
    return sorted({edge for one in found for edge in (int(one.address), int(one.address) + 1)})


def _named_of(facts: Facts) -> frozenset[str] | None:
    return None if isinstance(facts.ruleset, Unknown) else named_hardware(facts.ruleset)
