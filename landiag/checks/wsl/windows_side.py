"""Windows as a WSL2 distribution sees it: its addresses, and its firewall in front of a port proxy."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_interface, ip_network

from landiag.checks.system import Readings
from landiag.checks.wsl.sources import read_state
from landiag.collect.adapters import Row, is_external_switch, kind_of
from landiag.collect.outside import with_ways_out
from landiag.collect.windows import one_table, own_routes
from landiag.collect.windows_state import HostAdapter, WindowsState
from landiag.journey.reply import TUNNELS
from landiag.journey.ways import Way, list_ways
from landiag.model.facts import Address, Interface, Socket, Unknown
from landiag.model.host import Facts
from landiag.model.process import Process
from landiag.model.route import Route
from landiag.model.ruleset import Ruleset

HELPER = 3
"""The process that stands for the IP Helper service: its own number does not matter."""


def read_interfaces(readings: Readings) -> tuple[Interface, ...] | None:
    """The adapters of Windows; None where it did not tell them."""
    state = read_state(readings)
    if isinstance(state, Unknown) or not any(one.addresses for one in state.adapters):
        return None
    rows = [
        Row(one.name, one.mac, tuple(text.partition("/")[0] for text in one.addresses))
        for one in state.adapters
    ]
    switches = {row.name for row in rows if is_external_switch(row, rows)}
    interfaces = tuple(_interface(one, state, switches) for one in state.adapters)
    found = with_ways_out(interfaces, _routes(interfaces, state))
    return None if isinstance(found, Unknown) else found


def _interface(adapter: HostAdapter, state: WindowsState, switches: set[str]) -> Interface:
    known = {one.alias: one.category for one in state.profiles}
    kind = kind_of(adapter.name, adapter.description, mac=adapter.mac)
    kind = "ethernet" if kind == "vm" and adapter.name in switches else kind
    return Interface(
        name=adapter.name,
        index=adapter.index,
        kind="tunnel" if adapter.mac is None and kind in ("ethernet", "wifi") else kind,
        up=adapter.up,
        carrier=adapter.up,
        addresses=tuple(_address(text) for text in adapter.addresses),
        mac=adapter.mac,
        profile=known.get(adapter.name, "public") if known else None,
        guid=adapter.guid,
    )


def _address(text: str) -> Address:
    interface = ip_interface(text)
    ip = interface.ip
    return Address(interface, scope="host" if ip.is_loopback else "link" if ip.is_link_local else "global")


def _routes(interfaces: tuple[Interface, ...], state: WindowsState) -> tuple[Route, ...]:
    """The host's own addresses, the networks on the link, and the default routes: all that a client's packet meets."""
    gateways = {one.index for one in state.adapters if one.has_gateway}
    return (*own_routes(interfaces), *_outgoing(interfaces, gateways))


def _outgoing(interfaces: tuple[Interface, ...], gateways: set[int]) -> Iterator[Route]:
    for one in interfaces:
        for address in one.addresses:
            yield Route(address.network, device=one.name, source=address.ip)
            if one.index in gateways:
                default = ip_network("0.0.0.0/0" if address.ip.version == 4 else "::/0")
                yield Route(default, device=one.name, gateway=address.ip, source=address.ip)


def windows_ways(readings: Readings) -> tuple[Way, ...]:
    """The ways by which clients reach Windows, best first; empty where its addresses are not known."""
    interfaces = read_interfaces(readings)
    return () if interfaces is None else list_ways(windows_facts(readings, Unknown("", ""), 0))


def lan_ways(readings: Readings) -> tuple[Way, ...]:
    """The ways by which clients of the LAN reach Windows, in the family that all of them have.

    Those by tunnels where there is no other, by IPv6 where there is no IPv4.
    """
    known = windows_ways(readings)
    found = tuple(way for way in known if way.interface.kind not in TUNNELS) or known
    return tuple(way for way in found if way.family is found[0].family)


def windows_facts(readings: Readings, ruleset: Ruleset | Unknown, port: int) -> Facts:
    """Windows as a host of its own, on which the IP Helper service listens for a port proxy."""
    state = read_state(readings)
    interfaces = read_interfaces(readings) or ()
    routes = () if isinstance(state, Unknown) else _routes(interfaces, state)
    helper = Process(HELPER, "svchost.exe", exe=r"C:\Windows\System32\svchost.exe", services=("iphlpsvc",))
    wild = ip_interface("0.0.0.0").ip, ip_interface("::").ip
    return Facts(
        os="windows",
        now=0.0,
        privileged=False,
        interfaces=interfaces,
        routes=routes,
        policy_rules=one_table(),
        neighbours=(),
        sockets=tuple(Socket(ip, port, v6only=ip.version == 6, pids=(HELPER,)) for ip in wild),
        processes={HELPER: helper},
        namespaces=(),
        sysctls={},
        ruleset=ruleset,
    )
