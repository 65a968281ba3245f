"""The ways in to a WSL2 distribution behind NAT: by an address of Windows, and a port proxy that leads here."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_interface, ip_network

from msgspec import Struct
from msgspec.structs import replace

from landiag.checks.system import Readings
from landiag.checks.wsl.proxies import Reach, as_address, lands_on_loopback, leads_here, reach_of
from landiag.checks.wsl.sources import is_behind, read_proxies, read_state
from landiag.checks.wsl.windows_side import read_interfaces, windows_ways
from landiag.collect.portproxy import PortProxy
from landiag.journey.ways import Front, Landing, Way, default_gateway, is_usable
from landiag.model.facts import Interface, IPAddress, Unknown
from landiag.model.host import Facts
from landiag.model.report import Target


class Entry(Struct, frozen=True):
    """A port proxy, who can connect to it, and whether it leads to the port in question here.

    ``takes``: it takes connections of a family in which clients reach Windows (IPv4 where nobody knows).
    """

    proxy: PortProxy
    reach: Reach
    leads_here: bool
    takes: bool

    @property
    def is_way_in(self) -> bool:
        """Whether clients come in by it."""
        return self.leads_here and self.takes and self.reach in (Reach.ALL, Reach.ONE)


def list_entries(facts: Facts, readings: Readings, port: int) -> tuple[Entry, ...] | Unknown:
    """Every port proxy of Windows, those that listen on the port itself first."""
    known = read_proxies(readings)
    if isinstance(known, Unknown):
        return known
    state = read_state(readings)
    by_localhost = isinstance(state, Unknown) or state.wsl_localhost
    adapters = read_interfaces(readings)
    outside = None if adapters is None else tuple(one for one in adapters if is_usable(one))
    inside = _inside(facts, adapters)
    families = {way.ip.version for way in windows_ways(readings)} or {4}
    found = (
        Entry(
            one,
            reach_of(one, inside, outside),
            leads_here(one, facts, port, by_localhost=by_localhost),
            one.listen_family in families,
        )
        for one in known
    )
    return tuple(
        sorted(found, key=lambda entry: (entry.proxy.listen_port != port, entry.reach is not Reach.ALL))
    )


def _inside(facts: Facts, adapters: tuple[Interface, ...] | None) -> list[Interface]:
    """The networks between Windows and its machines: this distribution's own, and what Windows calls virtual."""
    own = () if isinstance(facts.interfaces, Unknown) else facts.interfaces
    ours = (_widened(one) for one in own if one.kind != "loopback")
    return [*ours, *(one for one in adapters or () if not is_usable(one))]


_SWITCH_LENGTH = 20
"""The prefix of the networks that Windows makes for WSL, out of 172.16.0.0/12."""
_OF_WSL = ip_network("172.16.0.0/12")


def _widened(interface: Interface) -> Interface:
    """An interface with the whole network that Windows made, where the distribution has a part of it."""
    found = [
        replace(one, interface=ip_interface(f"{one.ip}/{_SWITCH_LENGTH}"))
        if one.ip in _OF_WSL and one.network.prefixlen > _SWITCH_LENGTH
        else one
        for one in interface.addresses
    ]
    return replace(interface, addresses=tuple(found))


def ways(facts: Facts, readings: Readings, target: Target, known: tuple[Way, ...]) -> tuple[Way, ...]:
    """The ways in by Windows. Where nothing leads here, those of this machine, with the address clients would use."""
    if not is_behind(readings) or not known or target.port is None:
        return known
    entries = list_entries(facts, readings, target.port)
    inner = next((way for way in known if way.ip.version == 4), known[0])
    good = [] if isinstance(entries, Unknown) else [entry for entry in entries if entry.is_way_in]
    fronts = tuple(_fronts(good, windows_ways(readings)))
    source = default_gateway(facts, inner.interface.name)
    if not fronts:
        ip = next((way.ip for way in windows_ways(readings)), None)
        return tuple(replace(way, front=Front(ip, target.port, source)) for way in known)
    return tuple(
        replace(
            inner,
            id=f"way{number}",
            front=Front(ip, proxy.listen_port, source),
            landing=_landing(proxy, facts, target.port, inner.ip),
        )
        for number, (ip, proxy) in enumerate(fronts, 1)
    )


def _fronts(good: list[Entry], windows: tuple[Way, ...]) -> Iterator[tuple[IPAddress | None, PortProxy]]:
    """Each address of Windows with the proxy that takes its connections; the proxies alone where none is known."""
    for way in windows:
        entry = next((entry for entry in good if _takes(entry, way.ip)), None)
        if entry is not None:
            yield way.ip, entry.proxy
    for entry in good if not windows else ():
        ip = as_address(entry.proxy.listen_address, entry.proxy.listen_family)
        yield (ip if entry.reach is Reach.ONE else None), entry.proxy


def _takes(entry: Entry, ip: IPAddress) -> bool:
    if entry.reach is Reach.ALL:
        return entry.proxy.listen_family == ip.version
    return as_address(entry.proxy.listen_address, entry.proxy.listen_family) == ip


def _landing(proxy: PortProxy, facts: Facts, port: int, ip: IPAddress) -> Landing | None:
    if not lands_on_loopback(proxy, facts, port, ip):
        return None
    found = as_address("localhost", proxy.connect_family)
    return None if found is None else Landing(found, port)
