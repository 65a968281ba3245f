"""A packet on its way through one hook: every field that a match may ask for, worked out when it is asked."""

from __future__ import annotations

from msgspec.structs import replace

from landiag.firewall.engine.context import Asked
from landiag.firewall.engine.group_fields import by_group
from landiag.firewall.engine.simple_fields import SIMPLE
from landiag.model.packet import Value


class PacketFields(Asked):
    """The fields of one packet. What is not known by name is unknown, never absent."""

    __slots__ = ()

    def __missing__(self, name: str) -> Value:
        compute = SIMPLE.get(name)
        value = compute(self) if compute is not None else by_group(self, name)
        self[name] = value
        return value

    def copy(self) -> PacketFields:
        """An independent copy, so that a walk can fork."""
        other = PacketFields(self.packet, self.context)
        other.update(self)
        return other

    def move(self, family: str, hook: str) -> None:
        """Go to another hook: fields that depend on it are worked out again."""
        self.context = replace(self.context, family=family, hook=hook)
        for name in [name for name in self if name.startswith(_BY_PLACE) and name != "ct mark"]:
            del self[name]

    def forget(self, *prefixes: str) -> None:
        """Work the fields whose names begin so out again."""
        for name in [name for name in self if name.startswith(prefixes)]:
            del self[name]


_BY_PLACE = ("meta nfproto", "meta length", "fib", "iif", "oif", "meta sk", "ct ", "rt ")


def merge(left: PacketFields, right: PacketFields) -> PacketFields:
    """What holds in both: fields that differ are unknown."""
    merged = left.copy()
    for name in {*left, *right}:
        if left[name] != right[name]:
            merged[name] = None
    return merged
