"""How one packet speaks for many: which of its fields stand for an axis, and what is asked of them.

A packet that speaks for a set has one value on each axis along which the set extends. A field with that very value
is taken to be the axis. Where it has the value by chance, the set is only cut finer than it must be; so values that
nothing else has are chosen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

from msgspec import Struct
from msgspec.structs import replace

from landiag.firewall.engine.fields import PacketFields
from landiag.firewall.engine.nat import address_of
from landiag.firewall.engine.spaces import Axis, Point, Universe
from landiag.model.packet import Packet, Value

ADDRESSES = (Axis.SOURCE, Axis.DESTINATION)
PORTS = (Axis.PORT, Axis.SOURCE_PORT)

ATTRIBUTES: Mapping[str, tuple[Axis, ...]] = {
    "source": ADDRESSES, "destination": ADDRESSES, "source_port": PORTS, "destination_port": PORTS,
}  # fmt: skip

OF_PACKET = "packet "
"""What begins the name of an attribute of the packet itself, which some matches look at."""


class Tangled(Exception):  # noqa: N818 - it is no error
    """What a rule does hangs on an axis in a way that no interval tells."""


@cache
def _axes_of(name: str) -> tuple[Axis, ...]:
    """The axes that a field may stand for."""
    if name.startswith("fib "):
        return ()
    if name.startswith("@th"):
        return PORTS
    if "addr" in name or name.startswith("@"):
        return ADDRESSES
    if name.startswith(OF_PACKET):
        return ATTRIBUTES.get(name.removeprefix(OF_PACKET), ())
    return PORTS if "port" in name or "proto-src" in name or "proto-dst" in name else ()


class Lens(Struct):
    """The packet that speaks for a set: its value on each axis; ``open`` are those along which the set extends."""

    universe: Universe
    point: Point
    open: frozenset[Axis]

    def axis(self, name: str, value: Value) -> Axis | None:
        """The axis that a field with this value stands for; None for a field that all packets have alike."""
        axes = _axes_of(name)
        if not axes or value.__class__ is not int:
            return None
        for axis in axes:
            if axis in self.open and self.point[axis] == value:
                return axis
        if name.startswith("@") and not self.open.isdisjoint(axes):
            raise Tangled
        return None


def read(fields: PacketFields, name: str) -> Value:
    """A field, or an attribute of the packet as a number."""
    if not name.startswith(OF_PACKET):
        return fields[name]
    value = getattr(fields.packet, name.removeprefix(OF_PACKET))
    is_address = name.endswith((" source", " destination")) and value is not None
    return int(value) if is_address else value


class _Seen:
    """A packet that notes which of its attributes are looked at."""

    __slots__ = ("_names", "_packet")

    def __init__(self, packet: Packet, names: set[str]) -> None:
        self._packet = packet
        self._names = names

    def __getattr__(self, name: str) -> object:
        self._names.add(OF_PACKET + name)
        return getattr(self._packet, name)


class Tracked(PacketFields):
    """The fields of a packet that notes what is asked of it. ``at`` puts it elsewhere on the open axes."""

    __slots__ = ("_at", "_base", "_lens", "_moved", "names")

    def __init__(self, base: PacketFields, lens: Lens, at: Mapping[Axis, int] | None = None) -> None:
        dict.__init__(self)
        self.context = base.context
        self.names: set[str] = set()
        self._base = base
        self._lens = lens
        self._at = at or {}
        self._moved = _moved(base.packet, lens, self._at) if at else base.packet

    @property
    def packet(self) -> Packet:  # type: ignore[override]
        """The packet, watched."""
        return _Seen(self._moved, self.names)  # type: ignore[return-value]

    def __getitem__(self, name: str) -> Value:
        self.names.add(name)
        value = self._base[name]
        if not self._at:
            return value
        axis = self._lens.axis(name, value)
        return value if axis is None else self._at.get(axis, value)


def _moved(packet: Packet, lens: Lens, at: Mapping[Axis, int]) -> Packet:
    changed: dict[str, object] = {}
    for name in ATTRIBUTES:
        value = getattr(packet, name)
        if value is None:
            continue
        axis = lens.axis(OF_PACKET + name, int(value))
        if axis in at and axis is not None:
            changed[name] = address_of(at[axis], packet.version) if axis in ADDRESSES else at[axis]
    return replace(packet, **changed) if changed else packet


def axes_among(names: Sequence[str] | set[str], fields: PacketFields, lens: Lens) -> dict[str, Axis]:
    """Those of the names that stand for an axis."""
    found = {name: lens.axis(name, read(fields, name)) for name in names}
    return {name: axis for name, axis in found.items() if axis is not None}
