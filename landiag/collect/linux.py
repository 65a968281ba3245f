"""A Linux host: which sources are read in which round, and the facts that they make."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from msgspec.structs import replace

from landiag.collect import interfaces, machine, neighbours, queues, routes, sockets
from landiag.collect.linux_sources import SYSCTL_FOLDER, interface_settings
from landiag.collect.machine import Machine
from landiag.collect.outside import with_ways_out
from landiag.collect.xfrm import HINTS, POLICIES
from landiag.firewall import linux as firewall
from landiag.firewall.sources import inner_sources
from landiag.model.facts import (
    Family,
    Interface,
    ParseError,
    Reading,
    ReadStatus,
    Socket,
    Source,
    Unknown,
    parse_reading,
)
from landiag.model.host import Facts
from landiag.model.process import Namespace, Process
from landiag.model.regex import regex

Readings = Mapping[str, Reading]
T = TypeVar("T")

_NUMBERS = regex(r"(?:-?\d+\s+)+")
"""What the kernel writes into its settings: numbers and the end of the line; anything else is not known."""

MAX_NAMESPACES = 24
MAX_FILTERED = 16
_OUTSIDE = ("ethernet", "wifi", "bond", "vlan", "bridge", "vpn", "tunnel", "mobile", "veth", "other")
"""Kinds of interface by which clients come in, where traffic control may drop their packets before any rule."""


def parse_facts(readings: Readings, who: Machine) -> Facts:
    """Make the facts of the first round. Whatever could not be read is Unknown in its place."""
    links = parse_reading(readings[interfaces.INTERFACES.name], interfaces.parse_interfaces)
    known_routes = _both(readings, routes.ROUTES4, routes.ROUTES6, routes.parse_routes)
    sysctls = parse_sysctls(readings)
    return Facts(
        os="linux",
        now=who.now,
        privileged=who.info.privileged,
        interfaces=_in_vrfs(with_ways_out(links, known_routes), sysctls),
        routes=known_routes,
        policy_rules=_both(readings, routes.RULES4, routes.RULES6, routes.parse_rules),
        neighbours=parse_reading(readings[neighbours.NEIGHBOURS.name], neighbours.parse_neighbours),
        sockets=parse_reading(readings[sockets.LISTENERS.name], sockets.parse_listeners),
        processes={},
        namespaces=(),
        sysctls=sysctls,
        ruleset=firewall.parse_ruleset(readings),
        utc_offset=who.utc_offset,
        queues=queues.read_queues(readings, links),
    )


def plan(facts: Facts, readings: Readings) -> tuple[Source, ...]:
    """Name what the first round makes worth reading: owners of sockets, settings of interfaces, namespaces."""
    listeners = facts.sockets if not isinstance(facts.sockets, Unknown) else ()
    pids = tuple({pid for socket in listeners for pid in socket.pids})
    wanted: list[Source] = [*firewall.plan(readings)]
    if pids:
        wanted.append(machine.process_source(pids))
    if isinstance(facts.sockets, Unknown):
        wanted += [sockets.PROC_TCP, sockets.PROC_TCP6]
    if firewall.asks_for_sockets(readings):
        wanted.append(sockets.OPTIONS)
    if not isinstance(facts.interfaces, Unknown):
        wanted += [file for interface in facts.interfaces for file in interface_settings(interface.name)]
    denied = POLICIES.name in readings and readings[POLICIES.name].status is ReadStatus.DENIED
    return (*wanted, *_plan_filters(facts), *(HINTS if denied else ()))


def _plan_filters(facts: Facts) -> tuple[Source, ...]:
    """Name the filters and classes of the interfaces by which clients come in, where they can have some."""
    if isinstance(facts.interfaces, Unknown):
        return ()
    outside = [one.name for one in facts.interfaces if one.up and one.kind in _OUTSIDE]
    if not isinstance(facts.queues, tuple):  # older recordings have the filters alone
        return tuple(queues.ingress_filters(name) for name in outside[:MAX_FILTERED])
    inside = [one.name for one in facts.interfaces if one.up and one.name not in outside]
    wanted = (*outside, *inside)[:MAX_FILTERED]
    return queues.plan_filters(tuple(one for one in facts.queues if one.device in wanted))


def plan_namespaces(readings: Readings) -> tuple[Source, ...]:
    """Look into the other network namespaces: containers, and whatever else hides its sockets from the host."""
    return tuple(
        source
        for entry in _list_namespaces(readings)
        for source in (
            sockets.namespace_listeners(entry.pid, entry.name),
            interfaces.namespace_interfaces(entry.pid, entry.name),
            *routes.namespace_sources(entry.pid, entry.name),
            routes.namespace_settings(entry.pid, entry.name),
            *inner_sources(entry.pid, entry.name).values(),
        )
    )


def has_namespaces(readings: Readings) -> bool:
    """Whether the other namespaces were looked into."""
    return any(source.name in readings for source in plan_namespaces(readings))


def add_namespaces(facts: Facts, readings: Readings) -> Facts:
    """Add what was read of the other namespaces, where it was."""
    if not has_namespaces(readings):
        return facts
    return add_inner_owners(replace(facts, namespaces=_parse_namespaces(readings)), readings)


def plan_inner_owners(facts: Facts) -> tuple[Source, ...]:
    """Name the processes that hold sockets in other namespaces."""
    known = () if isinstance(facts.namespaces, Unknown) else facts.namespaces
    inner = (one.sockets for one in known if not isinstance(one.sockets, Unknown))
    pids = tuple({pid for sockets in inner for socket in sockets for pid in socket.pids})
    return (machine.process_source(pids),) if pids else ()


def add_inner_owners(facts: Facts, readings: Readings) -> Facts:
    """Add the processes that hold sockets in other namespaces, where they were read."""
    return replace(facts, processes=_parse_processes(readings))


def complete_facts(facts: Facts, readings: Readings) -> Facts:
    """Add what the second round read."""
    listeners = facts.sockets
    if isinstance(listeners, Unknown) and sockets.PROC_TCP.name in readings:
        listeners = _parse_proc_listeners(readings, listeners)
    if not isinstance(listeners, Unknown) and sockets.OPTIONS.name in readings:
        listeners = _with_options(listeners, readings[sockets.OPTIONS.name])
    ruleset = firewall.parse_ruleset(readings) if firewall.is_more(readings) else facts.ruleset
    return replace(
        facts,
        sockets=listeners,
        processes=_parse_processes(readings),
        sysctls=parse_sysctls(readings),
        queues=queues.read_queues(readings, facts.interfaces),
        ruleset=ruleset if isinstance(ruleset, Unknown) else firewall.add_origins(ruleset, readings),
    )


def _in_vrfs(
    links: tuple[Interface, ...] | Unknown, sysctls: Mapping[str, str]
) -> tuple[Interface, ...] | Unknown:
    """Tell the interfaces of VRFs whether sockets outside take what comes in there (vrf.rst, tcp_l3mdev_accept)."""
    if isinstance(links, Unknown):
        return links
    accepts = {"0": False, "1": True}.get(sysctls.get("net.ipv4.tcp_l3mdev_accept", ""))
    tied_only = None if accepts is None else not accepts
    return tuple(one if one.vrf is None else replace(one, tied_only=tied_only) for one in links)


def _both(
    readings: Readings, ipv4: Source, ipv6: Source, parse: Callable[[str, Family], tuple[T, ...]]
) -> tuple[T, ...] | Unknown:
    """Parse one subject that is read once a family, into one tuple; Unknown when either is."""
    first = _inside(readings, ipv4, lambda text: parse(text, Family.IPV4))
    second = _inside(readings, ipv6, lambda text: parse(text, Family.IPV6))
    if isinstance(first, Unknown):
        return first
    return second if isinstance(second, Unknown) else first + second


def parse_sysctls(readings: Readings) -> Mapping[str, str]:
    """The kernel settings that were read, by dotted name; one that holds no numbers is damaged, and left out."""
    prefix = "file:" + SYSCTL_FOLDER
    values = {
        name.removeprefix(prefix).replace("/", "."): parse_reading(reading, _parse_setting)
        for name, reading in readings.items()
        if name.startswith(prefix)
    }
    return {name: value for name, value in values.items() if not isinstance(value, Unknown)}


def _parse_setting(text: str) -> str:
    if not _NUMBERS.fullmatch(text):
        raise ParseError("these are no numbers")
    return text.strip()


def _parse_processes(readings: Readings) -> Mapping[int, Process] | Unknown:
    """The processes that were asked for: those of this host's sockets, and later those of other namespaces."""
    asked = (reading for name, reading in readings.items() if name.startswith("processes "))
    told = [parse_reading(reading, machine.parse_processes) for reading in asked]
    known = [one for one in told if not isinstance(one, Unknown)]
    return told[0] if told and not known else {pid: one for found in known for pid, one in found.items()}


def _with_options(listeners: tuple[Socket, ...], reading: Reading) -> tuple[Socket, ...]:
    """Tell of each socket whether it is transparent, as far as that was read."""
    known = parse_reading(reading, sockets.parse_transparent)
    if isinstance(known, Unknown):
        return listeners
    return tuple(
        one if one.inode is None else replace(one, transparent=known.get(one.inode)) for one in listeners
    )


def _list_namespaces(readings: Readings) -> tuple[machine.NamespaceEntry, ...]:
    entries = parse_reading(readings[machine.NAMESPACES.name], machine.parse_namespaces)
    return () if isinstance(entries, Unknown) else entries[:MAX_NAMESPACES]


def _parse_namespaces(readings: Readings) -> tuple[Namespace, ...] | Unknown:
    entries = parse_reading(readings[machine.NAMESPACES.name], machine.parse_namespaces)
    if isinstance(entries, Unknown):
        return entries
    return tuple(_parse_namespace(readings, entry) for entry in entries[:MAX_NAMESPACES])


def _parse_namespace(readings: Readings, entry: machine.NamespaceEntry) -> Namespace:
    listeners = readings[sockets.namespace_listeners(entry.pid, entry.name).name]
    links = readings[interfaces.namespace_interfaces(entry.pid, entry.name).name]
    settings = _inside(readings, routes.namespace_settings(entry.pid, entry.name), routes.parse_settings)
    route4, route6, rule4, rule6 = routes.namespace_sources(entry.pid, entry.name)
    return Namespace(
        routes=_both(readings, route4, route6, routes.parse_routes),
        policy_rules=_both(readings, rule4, rule6, routes.parse_rules),
        sysctls={} if isinstance(settings, Unknown) else settings,
        ruleset=firewall.parse_inner(readings, entry.pid, entry.name),
        name=entry.name,
        pid=entry.pid,
        title=entry.title,
        sockets=parse_reading(listeners, lambda text: sockets.parse_listeners(text, entry.name)),
        interfaces=parse_reading(links, interfaces.parse_interfaces),
    )


def _inside(readings: Readings, source: Source, parse: Callable[[str], T]) -> T | Unknown:
    """Parse what was read of a namespace; Unknown where an older recording lacks it."""
    reading = readings.get(source.name)
    return Unknown("not recorded", source.name) if reading is None else parse_reading(reading, parse)


def _parse_proc_listeners(readings: Readings, missing: Unknown) -> tuple[Socket, ...] | Unknown:
    """Read the fallback: the kernel's own table, which tells neither V6ONLY nor devices nor owners."""
    ipv4 = parse_reading(readings[sockets.PROC_TCP.name], sockets.parse_proc_tcp)
    ipv6 = parse_reading(readings[sockets.PROC_TCP6.name], sockets.parse_proc_tcp)
    if isinstance(ipv4, Unknown):
        return missing
    return ipv4 if isinstance(ipv6, Unknown) else ipv4 + ipv6
