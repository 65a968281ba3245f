"""The conditions of Windows Firewall on the interface: alias, GUID, type."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from landiag.firewall.windows.conditions import ANY_WORDS, packet_of
from landiag.firewall.windows.text import may_be
from landiag.model.match import AnyOf, Match
from landiag.model.operands import Fields
from landiag.model.packet import ABSENT


class InterfaceAlias(Match, Struct, frozen=True):
    """The packet comes in by an interface with one of these names, compared without case."""

    names: frozenset[str]
    text: str

    def test(self, fields: Fields) -> bool | None:
        """Compare the name."""
        value = fields["iifname"]
        if value is ABSENT:
            return False
        if not isinstance(value, str):
            return None
        name = value.lower()
        return name in self.names or (None if any(may_be(one, name) for one in self.names) else False)


def interfaces(values: Sequence[str], text: str) -> Match | None:
    """The packet comes in by one of the named interfaces; None for every interface."""
    words = [value.strip().lower() for value in values]
    if any(word in ANY_WORDS for word in words):
        return None
    guids = frozenset(word for word in words if word.startswith("{"))
    named = InterfaceAlias(frozenset(words) - guids, text)
    if not guids:
        return named
    identified = InterfaceGuid(guids, text)
    return identified if not named.names else AnyOf((identified, named), text)


class InterfaceGuid(Match, Struct, frozen=True):
    """The packet comes in by an interface with one of these identifiers, in braces and small letters."""

    guids: frozenset[str]
    text: str

    def test(self, fields: Fields) -> bool | None:
        """Compare the identifier, where it is known."""
        packet = packet_of(fields)
        if packet is None or packet.interface_guid is None:
            return None
        guid = packet.interface_guid.lower()
        return guid in self.guids or (None if any(may_be(one, guid) for one in self.guids) else False)


_KINDS = {
    "lan": ("ethernet",),
    "wired": ("ethernet",),
    "wireless": ("wifi",),
    "remoteaccess": ("vpn",),
    "ras": ("vpn",),
}
_TUNNELS = ("vpn", "tunnel")


class InterfaceType(Match, Struct, frozen=True):
    """The packet comes in by an interface of one of these types: ``lan``, ``wireless``, ``remoteaccess``."""

    words: tuple[str, ...]
    text: str

    def test(self, fields: Fields) -> bool | None:
        """Cable and Wi-Fi are told apart; what else an adapter is to Windows is not known."""
        packet = packet_of(fields)
        kind = None if packet is None else packet.interface_kind
        if not set(self.words) <= set(_KINDS):
            return None
        if {"ethernet", "wifi"} <= {
            one for word in self.words for one in _KINDS[word]
        } and kind not in _TUNNELS:
            return True  # clients of a LAN come in by one of the two
        return any(kind in _KINDS[word] for word in self.words) if kind in ("ethernet", "wifi") else None


def interface_types(values: Sequence[str], text: str) -> Match | None:
    """The packet comes in by an interface of one of the types; None for every type."""
    words = tuple(value.strip().lower() for value in values)
    return None if any(word in ("any", "all", "0", "") for word in words) else InterfaceType(words, text)
