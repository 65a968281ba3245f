"""Fields whose names have parts of their own: connection tracking, routes, bytes by their place (nft(8))."""

from __future__ import annotations

from ipaddress import ip_address

from landiag.firewall.engine.context import Asked, Tracking
from landiag.firewall.engine.simple_fields import l4proto
from landiag.firewall.engine.surroundings import FIB_TYPES
from landiag.model.packet import ABSENT, CT_STATES, PROTOCOL_NUMBERS, Value


def by_group(fields: Asked, name: str) -> Value:
    """A field of such a group; of a group that the packet does not have it is absent."""
    group, _, rest = name.partition(" ")
    if group == "ct":
        return _ct(fields, rest)
    if group == "fib":
        return _fib(fields, rest)
    if group == "vlan":  # a bridge that filters VLANs gives untagged frames the tag of their port
        return None if fields.context.family == "bridge" else ABSENT
    if group in PROTOCOL_NUMBERS and group != fields.packet.protocol and not group.startswith(("icmp", "ip")):
        return ABSENT
    if group in ("ip", "ip6") and fields.packet.version != (4 if group == "ip" else 6):
        return ABSENT
    if group == "arp":
        return None if fields.packet.protocol == "arp" else ABSENT
    if fields.packet.protocol == "arp" and group in ("ip", "ip6"):
        return ABSENT
    return _raw(fields, name) if name.startswith("@") else None


def _raw(fields: Asked, name: str) -> Value:
    """Bits of a header by their place (``@nh,96,32``), as far as they hold addresses or ports."""
    base, offset, length = name[1:].split(",")
    if fields.packet.protocol == "arp":
        return None
    if base == "th":
        start, size = 0, 16
        parts = (fields["th sport"], fields["th dport"])
    else:
        family, start, size = ("ip", 96, 32) if fields.packet.version == 4 else ("ip6", 64, 128)
        parts = (fields[f"{family} saddr"], fields[f"{family} daddr"])
    first, second = parts
    after = start + 2 * size - int(offset) - int(length)
    if not isinstance(first, int) or not isinstance(second, int) or int(offset) < start or after < 0:
        return None
    return ((first << size | second) >> after) & ((1 << int(length)) - 1)


def _ct(fields: Asked, key: str) -> Value:
    tracking = fields.context.tracking
    if tracking is None and fields.context.family == "bridge":
        return None
    if key == "state":
        if tracking is None:
            return CT_STATES["invalid"]
        return None if tracking.state is None else CT_STATES[tracking.state]
    if tracking is None or not tracking.known:
        return ABSENT
    if key in ("direction", "status", "mark", "zone"):
        value: int | None = getattr(tracking, key)
        return value
    if key == "helper":
        return ""
    if key == "protocol":
        return l4proto(fields)
    if key == "l3proto":
        return {4: 2, 6: 10}[fields.packet.version]
    return _ct_tuple(fields, tracking, key)


def _ct_tuple(fields: Asked, tracking: Tracking, key: str) -> Value:
    """``original saddr``, ``reply proto-dst``, ``original ip daddr``..."""
    words = key.split()
    tuples = {"original": tracking.original, "reply": tracking.reply}
    if words[0] not in tuples:
        return None
    one = tuples[words[0]]
    version = fields.packet.version
    if len(words) == 3 and words[1] != {4: "ip", 6: "ip6"}[version]:
        return ABSENT
    values: dict[str, Value] = {
        "saddr": None if one.source is None else int(one.source),
        "daddr": None if one.destination is None else int(one.destination),
        "proto-src": one.source_port,
        "proto-dst": one.destination_port,
    }
    return values.get(words[-1])


def _fib(fields: Asked, rest: str) -> Value:
    """``fib daddr type``, ``fib saddr iif oif``...: the flags in any order, the result last."""
    *flags, result = rest.split()
    packet, around = fields.packet, fields.context.surroundings
    address = packet.source if "saddr" in flags else packet.destination
    device = _fib_device(fields, flags)
    if device is None:
        return None
    number = fields["ip saddr" if address is packet.source and address is not None else "ip daddr"]
    if isinstance(number, int) and address is not None and address.version == 4:
        address = ip_address(number)
    if address is None:
        is_ours = "daddr" in flags and result == "type" and around.destination is None
        return FIB_TYPES["local"] if is_ours else None
    limit = device or None
    if result == "type":
        kind = around.address_type(address, limit)
        return None if kind is None else FIB_TYPES[kind]
    mark = fields["meta mark"] if "mark" in flags else 0
    if not isinstance(mark, int):
        return None
    way = around.way_to(address, limit, mark, packet.destination if "saddr" in flags else packet.source)
    return 0 if way is ABSENT else way


def _fib_device(fields: Asked, flags: list[str]) -> str | None:
    """The device a lookup is limited to: empty for none, None when unknown."""
    for flag, name in (("iif", "iifname"), ("oif", "oifname")):
        if flag in flags:
            value = fields[name]
            return value if isinstance(value, str) else None
    return ""
