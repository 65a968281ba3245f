"""What to ask of the kernel: which SYN, from whom, onto which interface; or why it cannot be asked."""

from __future__ import annotations

import re
from collections.abc import Iterator

from landiag.checks.case import Case
from landiag.journey.classes import ClientClass
from landiag.journey.ways import Way, client_of
from landiag.model.facts import IPAddress, Unknown
from landiag.model.host import Facts
from landiag.model.regex import regex
from landiag.model.ruleset import Ruleset
from landiag.prove import CannotProve
from landiag.prove.injection import Injection

_KINDS = ("ethernet", "wifi", "veth")
_CLIENTS_MAC = regex(rb'"protocol": ?"ether", ?"field": ?"saddr"|--mac-source|hash:mac')
_OWN_MAC = regex(rb'"protocol": ?"ether", ?"field": ?"daddr"')
"""Rules that look at the addresses of the frame itself."""

_MAX_LOOKED_AT = 512


def plan(case: Case) -> Injection:
    """Choose the packet. Raises CannotProve where the answer would not be that of a real client."""
    way = case.way
    if case.facts.os != "linux" or not case.facts.privileged:
        raise CannotProve("--prove asks the Linux kernel itself, which only root may do: run it with sudo")
    if way is None:
        raise CannotProve("--prove found no address that clients could use: run without it to see why")
    _check_interface(way)
    if isinstance(case.facts.ruleset, Unknown):
        raise CannotProve(
            f"--prove needs the firewall's rules, and could not read them: {case.facts.ruleset.reason}"
        )
    source, mac = _sender(case, way, case.facts.ruleset)
    family = "ip6" if way.ip.version == 6 else "ip"
    tables = case.facts.ruleset.tables
    legacy = [table for backend, of, table in tables if backend == "iptables-legacy" and of == family]
    to_mac = way.interface.mac or "" if _mentions(case.facts.ruleset, _OWN_MAC) else ""
    return Injection(
        way.interface.name, str(source), str(way.ip), case.port, mac, tuple(sorted(legacy)), to_mac
    )


def _check_interface(way: Way) -> None:
    interface = way.interface
    if interface.kind not in _KINDS:
        raise CannotProve(
            f"--prove puts a packet onto Ethernet and Wi-Fi interfaces only, and {interface.name} is a {interface.kind}"
        )
    if interface.master is not None:
        raise CannotProve(
            f"--prove cannot be sure of {interface.name}: it is part of {interface.master}, which sees packets first"
        )


def _mentions(ruleset: Ruleset, pattern: re.Pattern[bytes]) -> bool:
    return any(pattern.search(text) for text in ruleset.texts)


def _sender(case: Case, way: Way, ruleset: Ruleset) -> tuple[IPAddress, str]:
    """Choose who sends: the client that fails, else one of the ordinary clients' addresses that is not in use."""
    if case.peer is not None and case.peer.version == way.ip.version:
        mac = _mac_of(case.facts, case.peer, way)
        if mac is None and _mentions(ruleset, _CLIENTS_MAC):
            raise CannotProve(
                f"--prove needs the MAC address of {case.peer}, for which your rules ask: ping it, and try again"
            )
        return case.peer, mac or ""
    free = next(_free_addresses(case, way), None)
    if free is None:
        raise CannotProve(f"--prove found no unused address in {way.network}: name the client with --peer")
    return free, ""


def _mac_of(facts: Facts, address: IPAddress, way: Way) -> str | None:
    known = () if isinstance(facts.neighbours, Unknown) else facts.neighbours
    macs = (one.mac for one in known if one.address == address and one.device == way.interface.name)
    return next((mac for mac in macs if mac), None)


def _free_addresses(case: Case, way: Way) -> Iterator[IPAddress]:
    """List addresses of the ordinary clients that neither this machine nor a known neighbour nor a router has."""
    taken = _taken(case.facts)
    classes = case.classes.get(way.id, ())
    network = way.network
    special = (
        {network[0]} if network.num_addresses <= 2 or network.version == 6 else {network[0], network[-1]}
    )
    candidates = _of_class(classes[0]) if classes and classes[0].pieces else iter((client_of(way),))
    for _, address in zip(range(_MAX_LOOKED_AT), candidates, strict=False):
        if address in network and address not in taken and address not in special:
            yield address


def _of_class(ordinary: ClientClass) -> Iterator[IPAddress]:
    """List the addresses of a class, the last of its largest piece first: routers and people begin low."""
    for piece in sorted(ordinary.pieces, key=lambda one: -one.size):
        kind = type(piece.last)
        low, high = int(piece.first), int(piece.last)
        # The far end of an IPv6 subnet holds anycast addresses (RFC 2526).
        start = high - 0x1234 if kind(high).version == 6 and high - low > 0xFFFF else high
        for number in range(start, max(low, start - _MAX_LOOKED_AT) - 1, -1):
            yield kind(number)


def _taken(facts: Facts) -> set[IPAddress]:
    taken: set[IPAddress] = set()
    if not isinstance(facts.neighbours, Unknown):
        taken |= {one.address for one in facts.neighbours}
    if not isinstance(facts.interfaces, Unknown):
        taken |= {address.ip for interface in facts.interfaces for address in interface.addresses}
    if not isinstance(facts.routes, Unknown):
        taken |= {route.gateway for route in facts.routes if route.gateway is not None}
    return taken
