"""A Windows host: which sources are read in which round, and the facts that they make."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from ipaddress import ip_network
from typing import TypeVar

from msgspec.structs import replace

from landiag.collect import machine, windows_net
from landiag.collect.machine import Machine
from landiag.collect.outside import with_ways_out
from landiag.collect.windows_interfaces import parse_interfaces, parse_rows, with_names, with_profiles
from landiag.collect.windows_rules import parse_rules
from landiag.collect.windows_sources import (
    ADAPTERS,
    EXCLUDED4,
    EXCLUDED6,
    IPCONFIG,
    LISTENERS,
    NEIGHBOURS,
    NETSH_PROFILES,
    NETSH_RULES,
    NETSTAT,
    NETSTAT6,
    POWERSHELL_RULES,
    REGISTRY,
    ROUTES4,
    ROUTES6,
)
from landiag.collect.windows_state import REGISTRY_KEYS, STATE, decoded, parse_entries_below, parse_state
from landiag.firewall.windows import Policy
from landiag.firewall.windows.netsh import parse_netsh
from landiag.firewall.windows.registry import build_policy
from landiag.model.addresses import parse_ip
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
from landiag.model.neighbour import Neighbour
from landiag.model.process import Process
from landiag.model.route import PolicyRule, Route
from landiag.model.ruleset import Ruleset

Readings = Mapping[str, Reading]
T = TypeVar("T")

FIRST: tuple[Source, ...] = (machine.MACHINE, LISTENERS, ADAPTERS, REGISTRY, ROUTES4, ROUTES6, NEIGHBOURS)
"""What is always read, all at once; nothing of it takes long."""


def parse_facts(readings: Readings, who: Machine) -> Facts:
    """Make the facts of the first round. Whatever could not be read is Unknown in its place."""
    interfaces = parse_interfaces(readings)
    return Facts(
        os="windows",
        now=who.now,
        privileged=who.info.privileged,
        interfaces=interfaces,
        routes=parse_routes(readings, interfaces),
        policy_rules=one_table(),
        neighbours=_parse_neighbours(readings, interfaces),
        sockets=parse_listeners(readings),
        processes={},
        namespaces=(),
        sysctls={},
        ruleset=parse_ruleset(readings),
    )


def plan(facts: Facts, readings: Readings) -> tuple[Source, ...]:
    """Name what the first round makes worth reading: owners of sockets, profiles, fallbacks for what failed."""
    wanted: list[Source] = [STATE, EXCLUDED4, EXCLUDED6]
    listeners = facts.sockets if not isinstance(facts.sockets, Unknown) else ()
    pids = tuple({pid for socket in listeners for pid in socket.pids})
    if pids:
        wanted.append(machine.process_source(pids))
    if isinstance(facts.sockets, Unknown):
        wanted += [NETSTAT, NETSTAT6]
    if isinstance(facts.interfaces, Unknown):
        wanted.append(IPCONFIG)
    if readings[REGISTRY.name].status is not ReadStatus.OK:
        wanted += [POWERSHELL_RULES, NETSH_RULES, NETSH_PROFILES]
    return tuple(wanted)


def complete_facts(facts: Facts, readings: Readings) -> Facts:
    """Add what the second round read."""
    interfaces, state = parse_interfaces(readings), parse_state(readings)
    if isinstance(interfaces, Unknown) and IPCONFIG.name in readings:
        interfaces = decoded(
            readings, IPCONFIG, lambda text: with_names(windows_net.parse_ipconfig(text), state)
        )
    if not isinstance(interfaces, Unknown):
        interfaces = with_profiles(interfaces, state)
    routes = parse_routes(readings, interfaces)
    return replace(
        facts,
        interfaces=with_ways_out(interfaces, routes),
        routes=routes,
        neighbours=_parse_neighbours(readings, interfaces),
        sockets=parse_listeners(readings),
        processes=parse_processes(readings),
        ruleset=parse_ruleset(readings),
    )


def _parse_sockets(text: str) -> tuple[Socket, ...]:
    sockets = []
    for row in parse_rows(text):
        if row.keys() != {"address", "port", "pid"}:
            raise ParseError(f"not a socket: {sorted(row)}")
        try:
            address = parse_ip(str(row["address"]))
            port, pid = int(str(row["port"])), row.get("pid")
        except (KeyError, ValueError) as error:
            raise ParseError(f"not a socket: {error}") from error
        v6only = True if address.version == 6 else None
        sockets.append(Socket(address, port, v6only=v6only, pids=(pid,) if isinstance(pid, int) else ()))
    return tuple(sockets)


def plan_owners(facts: Facts) -> tuple[Source, ...]:
    """Name the processes that hold the sockets, where only netstat told which those are."""
    if isinstance(facts.sockets, Unknown) or isinstance(facts.processes, Unknown) or facts.processes:
        return ()
    pids = tuple({pid for socket in facts.sockets for pid in socket.pids})
    return (machine.process_source(pids),) if pids else ()


def parse_listeners(readings: Readings) -> tuple[Socket, ...] | Unknown:
    """The listening sockets, as psutil lists them, else as netstat does."""
    found = parse_reading(readings[LISTENERS.name], _parse_sockets)
    if not isinstance(found, Unknown) or NETSTAT.name not in readings:
        return found
    four = decoded(readings, NETSTAT, windows_net.parse_netstat)
    if isinstance(four, Unknown):
        return four
    six = decoded(readings, NETSTAT6, windows_net.parse_netstat)
    return four if isinstance(six, Unknown) else four + six


def one_table() -> tuple[PolicyRule, ...]:
    """The policy of a system that has but one routing table."""
    return tuple(PolicyRule(0, family, table="main") for family in Family)


def own_routes(interfaces: Sequence[Interface]) -> tuple[Route, ...]:
    """The routes to a host's own addresses, for systems that do not list them as such."""
    return tuple(
        Route(ip_network(address.ip), kind="local", device=one.name, metric=-1)
        for one in interfaces
        for address in one.addresses
    )


def parse_routes(
    readings: Readings, interfaces: tuple[Interface, ...] | Unknown
) -> tuple[Route, ...] | Unknown:
    """The routes of both families, and those to the host's own addresses."""
    known = () if isinstance(interfaces, Unknown) else interfaces
    four = decoded(readings, ROUTES4, lambda text: windows_net.parse_routes4(text, known))
    if isinstance(four, Unknown):
        return four
    names = {one.index: one.name for one in known}
    six = decoded(readings, ROUTES6, lambda text: windows_net.parse_routes6(text, names))
    return (*own_routes(known), *four, *(() if isinstance(six, Unknown) else six))


def _parse_neighbours(
    readings: Readings, interfaces: tuple[Interface, ...] | Unknown
) -> tuple[Neighbour, ...] | Unknown:
    known = () if isinstance(interfaces, Unknown) else interfaces
    return decoded(readings, NEIGHBOURS, lambda text: windows_net.parse_arp(text, known))


def parse_processes(readings: Readings) -> Mapping[int, Process] | Unknown:
    """The owners of the sockets. Windows' kernel is process 4, and its program is called System."""
    for name, reading in readings.items():
        if name.startswith("processes "):
            found = parse_reading(reading, machine.parse_processes)
            if isinstance(found, Unknown):
                return found
            state = parse_state(readings)
            services = None if isinstance(state, Unknown) else state.services
            return {pid: _windows_process(one, services) for pid, one in found.items()}
    return {}


def _windows_process(process: Process, services: Mapping[int, tuple[str, ...]] | None) -> Process:
    """A process with the services in it: by the list of services, else by ``svchost -s NAME``."""
    named = process.argv[process.argv.index("-s") + 1 :][:1] if "-s" in process.argv else ()
    is_host = (process.exe or process.name).lower().endswith("svchost.exe")
    known = services.get(process.pid, ()) if services is not None else (named or None) if is_host else None
    return replace(process, exe="System" if process.pid == 4 else process.exe, services=known)


def parse_ruleset(readings: Readings) -> Ruleset | Unknown:
    """Windows Firewall: from the registry, else from PowerShell or netsh. Unknown where none could be read."""
    policy = parse_policy(readings)
    return policy if isinstance(policy, Unknown) else policy.lower()


def parse_policy(readings: Readings) -> Policy | Unknown:
    """The rules and settings that were read; see ``parse_ruleset``."""
    found = parse_reading(readings[REGISTRY.name], _policy_of_registry)
    if not isinstance(found, Unknown) or NETSH_RULES.name not in readings:
        return found
    joined = decoded(readings, POWERSHELL_RULES, parse_rules)
    if not isinstance(joined, Unknown) and joined.has_rules:
        return joined
    policy = Policy()
    for source in (NETSH_RULES, NETSH_PROFILES):
        part = decoded(readings, source, parse_netsh)
        if isinstance(part, Unknown):
            policy.gaps.append(part)
        else:
            policy.add(part)
    return found if not policy.rules and not policy.settings else policy


def _policy_of_registry(text: str) -> Policy:
    return build_policy(parse_entries_below(REGISTRY_KEYS, text))
