"""The ways in to a WSL2 distribution behind NAT: by an address of Windows, and a port proxy that leads here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from ipaddress import ip_interface, ip_network

from msgspec import Struct
from msgspec.structs import replace

from landiag.checks.system import Readings
from landiag.checks.wsl.proxies import Inside, Reach, arrival_of, as_address, reach_of, relayed, taker
from landiag.checks.wsl.sources import is_behind, read_proxies, read_state
from landiag.checks.wsl.windows_side import lan_ways, read_interfaces, windows_ways
from landiag.collect.portproxy import PortProxy
from landiag.journey.binding import takes_connections
from landiag.journey.defaults import default_gateway
from landiag.journey.ways import Front, Landing, Way, is_usable, list_ways
from landiag.model.facts import Interface, IPAddress, Unknown
from landiag.model.host import Facts
from landiag.model.report import Target


class Entry(Struct, frozen=True):
    """A port proxy, who can connect to it, and where in the distribution its connections arrive on the port.

    ``arrives`` is None where they go elsewhere, Unknown where a name is in the way. ``takes``: it takes connections
    of a family in which clients reach Windows (IPv4 where nobody knows), and no other proxy takes them before it.
    """

    proxy: PortProxy
    reach: Reach
    arrives: IPAddress | Unknown | None
    takes: bool

    @property
    def is_open(self) -> bool:
        """Whether clients' connections come to it."""
        return self.takes and self.reach in (Reach.ALL, Reach.ONE)

    @property
    def is_way_in(self) -> bool:
        """Whether clients come in by it."""
        return self.is_open and self.arrives is not None and not isinstance(self.arrives, Unknown)


def list_entries(facts: Facts, readings: Readings, port: int) -> tuple[Entry, ...] | Unknown:
    """Every port proxy of Windows, those that listen on the port itself first."""
    known = read_proxies(readings)
    if isinstance(known, Unknown):
        return known
    adapters = read_interfaces(readings)
    outside = None if adapters is None else tuple(one for one in adapters if is_usable(one))
    virtual, clients = _inside(facts, adapters), [way.ip for way in lan_ways(readings)]
    inside = _arrivals(facts, readings, adapters, port)
    found = (
        Entry(
            one,
            reach_of(one, virtual, outside),
            arrival_of(one, known, inside),
            _takes_clients(one, known, clients),
        )
        for one in known
    )
    return tuple(
        sorted(found, key=lambda entry: (entry.proxy.listen_port != port, entry.reach is not Reach.ALL))
    )


def _arrivals(facts: Facts, readings: Readings, adapters: Sequence[Interface] | None, port: int) -> Inside:
    state = read_state(readings)
    by_localhost = isinstance(state, Unknown) or state.wsl_localhost
    return Inside(
        port,
        _served(facts, port),
        relayed(facts, port) if by_localhost else frozenset(),
        frozenset(one.ip for adapter in adapters or () for one in adapter.addresses),
    )


def _served(facts: Facts, port: int) -> frozenset[IPAddress]:
    """The distribution's addresses for Windows: those at which the server listens, all where it does at none."""
    own = frozenset(way.ip for way in list_ways(facts))
    sockets = () if isinstance(facts.sockets, Unknown) else facts.sockets
    ours = [one for one in sockets if one.port == port]
    return frozenset(ip for ip in own if any(takes_connections(one, ip, None) for one in ours)) or own


def _takes_clients(proxy: PortProxy, known: Sequence[PortProxy], clients: Sequence[IPAddress]) -> bool:
    """Whether connections to some address of Windows come to this proxy, and not to one for that address alone."""
    if not clients:
        ip = as_address(proxy.listen_address, proxy.listen_family)
        alone = (one for one in known if one.listen_port == proxy.listen_port and _is_alone(one))
        return proxy.listen_family == 4 and not (ip is not None and ip.is_unspecified and any(alone))
    if as_address(proxy.listen_address, proxy.listen_family) is None:
        return any(ip.version == proxy.listen_family for ip in clients)
    return any(taker(known, ip, proxy.listen_port) == proxy for ip in clients)


def _is_alone(proxy: PortProxy) -> bool:
    """Whether a proxy is for one address that may be Windows' own for clients."""
    ip = as_address(proxy.listen_address, proxy.listen_family)
    return ip is not None and ip.version == 4 and not (ip.is_unspecified or ip.is_loopback)


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
    fronts = () if isinstance(entries, Unknown) else tuple(_fronts(entries, windows_ways(readings)))
    if not fronts:
        ip = next((way.ip for way in windows_ways(readings)), None)
        source = default_gateway(facts.routes, inner.interface.name)
        return tuple(replace(way, front=Front(ip, target.port, source)) for way in known)
    found = (_behind(facts, known, inner, ip, entry, target.port) for ip, entry in fronts)
    return tuple(replace(way, id=f"way{number}") for number, way in enumerate(found, 1))


def _behind(
    facts: Facts, known: tuple[Way, ...], inner: Way, front: IPAddress | None, entry: Entry, port: int
) -> Way:
    """The way by which connections of one proxy reach this distribution: its address, or its own loopback."""
    way = next((one for one in known if one.ip == entry.arrives), inner)
    landing = None
    if not isinstance(entry.arrives, Unknown) and entry.arrives is not None and entry.arrives != way.ip:
        landing = Landing(entry.arrives, port)
    source = default_gateway(facts.routes, way.interface.name)
    return replace(way, front=Front(front, entry.proxy.listen_port, source), landing=landing)


def _fronts(entries: tuple[Entry, ...], windows: tuple[Way, ...]) -> Iterator[tuple[IPAddress | None, Entry]]:
    """Each address of Windows with the proxy that takes its connections; the proxies alone where none is known."""
    good = [entry for entry in entries if entry.is_way_in]
    by_proxy = {entry.proxy: entry for entry in entries}
    ports = dict.fromkeys(entry.proxy.listen_port for entry in good)
    for way in windows:
        takers = (taker(by_proxy, way.ip, port) for port in ports)
        entry = next((by_proxy[one] for one in takers if one is not None and by_proxy[one].is_way_in), None)
        if entry is not None:
            yield way.ip, entry
    for entry in good if not windows else ():
        ip = as_address(entry.proxy.listen_address, entry.proxy.listen_family)
        yield (ip if entry.reach is Reach.ONE else None), entry
