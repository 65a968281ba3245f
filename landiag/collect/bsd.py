"""A macOS, FreeBSD or OpenBSD host: which sources are read in which round, and the facts that they make.

The three share ifconfig, netstat, arp and pf; macOS adds the application firewall. pf's rules are readable for
root only: without them the configuration files say what they would be, and the live state stays unknown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from landiag.collect import bsd_net, bsd_sockets, machine
from landiag.collect.bsd_firewalls import Readings, names_in, parse_ruleset, parsed
from landiag.collect.bsd_sources import (
    FREEBSD_LISTENERS,
    IFCONFIG,
    MAC_LISTENERS,
    MAC_LSOF,
    MAC_PORTS,
    NEIGHBOURS,
    PF_ANCHORS,
    PF_TABLES,
    ROUTES,
    SYSCTL,
    anchor_source,
    signature_source,
    table_source,
)
from landiag.collect.machine import Machine
from landiag.collect.outside import with_ways_out
from landiag.collect.windows import one_table, own_routes
from landiag.model.facts import Interface, Socket, Source, Unknown, parse_reading
from landiag.model.host import Facts
from landiag.model.process import Process
from landiag.model.route import Route

MAX_ANCHORS = 48


def parse_facts(readings: Readings, who: Machine) -> Facts:
    """Make the facts of the first round. Whatever could not be read is Unknown in its place."""
    interfaces = _interfaces(readings)
    known_routes = _routes(readings, interfaces)
    return Facts(
        os=who.os,
        now=who.now,
        privileged=who.info.privileged,
        interfaces=with_ways_out(interfaces, known_routes),
        routes=known_routes,
        policy_rules=one_table(),
        neighbours=parsed(readings, NEIGHBOURS, bsd_net.parse_arp),
        sockets=parse_listeners(readings),
        processes={},
        namespaces=(),
        sysctls=_sysctls(readings),
        ruleset=parse_ruleset(readings, who.os),
    )


def plan(facts: Facts, readings: Readings) -> tuple[Source, ...]:
    """Name what the first round makes worth reading: owners of sockets, rules of anchors, elements of tables."""
    wanted: list[Source] = []
    listeners = facts.sockets if not isinstance(facts.sockets, Unknown) else ()
    pids = tuple({pid for socket in listeners for pid in socket.pids})
    if pids:
        wanted.append(machine.process_source(pids))
    for name in names_in(readings, PF_ANCHORS)[:MAX_ANCHORS]:
        wanted += [anchor_source(name, "rules"), anchor_source(name, "nat")]
    wanted += [table_source(name) for name in names_in(readings, PF_TABLES)[:MAX_ANCHORS]]
    return tuple(wanted)


def plan_owners(facts: Facts) -> tuple[Source, ...]:
    """Ask who signed the programs that listen: the application firewall of macOS asks it too."""
    if facts.os != "macos" or isinstance(facts.processes, Unknown):
        return ()
    programs = dict.fromkeys(
        one.exe for one in facts.processes.values() if one.exe and one.exe.startswith("/")
    )
    return tuple(signature_source(program) for program in list(programs)[:MAX_ANCHORS])


def complete_facts(facts: Facts, readings: Readings) -> Facts:
    """Add what the later rounds read."""
    return replace(facts, processes=_processes(readings), ruleset=parse_ruleset(readings, facts.os))


def _interfaces(readings: Readings) -> tuple[Interface, ...] | Unknown:
    ports = readings.get(MAC_PORTS.name)
    wifi = bsd_net.parse_hardware_ports(ports.text) if ports is not None else frozenset()
    return parsed(readings, IFCONFIG, lambda text: bsd_net.parse_ifconfig(text, wifi))


def _routes(readings: Readings, interfaces: tuple[Interface, ...] | Unknown) -> tuple[Route, ...] | Unknown:
    known = () if isinstance(interfaces, Unknown) else interfaces
    found = parsed(readings, ROUTES, lambda text: bsd_net.join_families(bsd_net.parse_routes(text), text))
    return found if isinstance(found, Unknown) else (*own_routes(known), *found)


def parse_listeners(readings: Readings) -> tuple[Socket, ...] | Unknown:
    """The listening sockets: from netstat or sockstat, with the owners that lsof knows besides."""
    if FREEBSD_LISTENERS.name in readings:
        return parsed(readings, FREEBSD_LISTENERS, bsd_sockets.parse_sockstat)
    found = parsed(readings, MAC_LISTENERS, bsd_sockets.parse_netstat)
    if MAC_LSOF.name not in readings:
        return found
    listed = parsed(readings, MAC_LSOF, bsd_sockets.parse_lsof)
    owned = () if isinstance(listed, Unknown) else tuple(socket for socket, _ in listed)
    if isinstance(found, Unknown):
        return owned or found
    return tuple(_with_owner(socket, owned) for socket in found)


def _with_owner(socket: Socket, owned: Sequence[Socket]) -> Socket:
    if socket.pids:
        return socket
    same = [one for one in owned if (one.address, one.port) == (socket.address, socket.port)]
    return replace(socket, pids=tuple(pid for one in same for pid in one.pids))


def _processes(readings: Readings) -> Mapping[int, Process] | Unknown:
    for name, reading in readings.items():
        if name.startswith("processes "):
            return parse_reading(reading, machine.parse_processes)
    return {}


def _sysctls(readings: Readings) -> Mapping[str, str]:
    reading = readings.get(SYSCTL.name)
    return {} if reading is None else bsd_net.parse_sysctl(reading.text)
