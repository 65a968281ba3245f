"""A virtual machine behind its host's own NAT (VirtualBox, QEMU, Lima): clients come by the host, or not at all.

Such a NAT answers for the gateway by a hardware address that no card has: in libslirp it is 52:55 and the gateway's
own IPv4 address (arp_table.c), in VirtualBox' older copy of it 52:54:00:12:35 and the last byte of that.
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_address

from msgspec.structs import replace

from landiag.journey.defaults import default_gateway
from landiag.journey.ways import Front, Way
from landiag.model.facts import IPAddress, Unknown
from landiag.model.host import Facts
from landiag.model.neighbour import Neighbour


def nat_of_host(facts: Facts, way: Way) -> Neighbour | None:
    """The gateway of a way, where it is such a NAT, or has the address of one and a hardware address nobody knows."""
    gateway = default_gateway(facts, way.interface.name)
    if gateway is None or gateway not in way.address.network:
        return None
    known = () if isinstance(facts.neighbours, Unknown) else facts.neighbours
    found = next((one for one in known if one.address == gateway and one.mac is not None), None)
    if found is None:
        return Neighbour(gateway, way.interface.name, None) if gateway == _USUAL else None
    return found if found.mac in _macs_of_nat(gateway) else None


_USUAL = ip_address("10.0.2.2")
"""The gateway of VirtualBox and QEMU, where nobody sets another."""


def _macs_of_nat(gateway: IPAddress) -> tuple[str, ...]:
    packed = [f"{byte:02x}" for byte in gateway.packed]
    return ":".join(("52", "55", *packed)), f"52:54:00:12:35:{packed[-1]}"


def behind_host(facts: Facts, ways: Iterable[Way], port: int | None) -> tuple[Way, ...]:
    """The same ways, with the host in front of those that lead through its NAT."""
    return tuple(_fronted(facts, way, port) for way in ways)


def _fronted(facts: Facts, way: Way, port: int | None) -> Way:
    found = None if port is None or way.front is not None else nat_of_host(facts, way)
    return way if found is None or port is None else replace(way, front=Front(None, port, found.address))
