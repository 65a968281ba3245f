"""The firewalls of Windows that clients of a WSL2 distribution meet first: in front of a port proxy, or mirrored."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_interface

from msgspec.structs import replace

from landiag.checks.case import Case
from landiag.checks.windows.firewall import judge_way
from landiag.checks.windows.others import other_firewalls
from landiag.checks.wsl import hyperv
from landiag.checks.wsl.fixes import rights
from landiag.checks.wsl.onward import check_onward
from landiag.checks.wsl.sources import (
    WSL_RULES,
    WSL_STATE,
    is_absent,
    is_behind,
    network_mode,
    read_policy,
    read_state,
)
from landiag.checks.wsl.ways import Entry, list_entries
from landiag.checks.wsl.windows_side import HELPER, read_interfaces, windows_facts, windows_ways
from landiag.collect.adapters import kind_of
from landiag.collect.windows_state import RULES_KEY, STATE, ConnectionProfile
from landiag.firewall.windows.neighbours import for_neighbours
from landiag.firewall.windows.policy import Policy
from landiag.firewall.windows.programs import OF_LINUX
from landiag.firewall.windows.settings import PROFILES
from landiag.journey.classes import follow_ways
from landiag.journey.first_packet import first_packet
from landiag.journey.journey import Journey, follow_through
from landiag.journey.ways import Front, Way, client_of
from landiag.model.facts import Address, Interface, Unknown
from landiag.model.host import Facts
from landiag.model.packet import Packet
from landiag.model.process import Process
from landiag.model.report import Evidence, Finding, Fix, Outcome, Target

_EVERYWHERE = ip_interface("0.0.0.0/0")
"""Stands for an address that is not known."""


def check(case: Case) -> list[Finding]:
    """Check what Windows' firewalls do with clients of this distribution; empty where none lies before it."""
    if network_mode(case.readings) == "mirrored":
        return [*_others(case), *hyperv.check_mirrored(case)]
    if not is_behind(case.readings) or case.way is None or case.way.front is None:
        return []
    entries = list_entries(case.facts, case.readings, case.port)
    if isinstance(entries, Unknown) or not any(entry.is_way_in for entry in entries):
        return []  # nothing leads here: what Windows would do with it does not matter yet
    found = _check_front(case, case.way)
    entry = next(
        (one for one in entries if one.is_way_in and one.proxy.listen_port == case.way.front.port), None
    )
    return found if entry is None else [*found, *_check_onward(case, case.way, entry)]


def _check_onward(case: Case, way: Way, entry: Entry) -> list[Finding]:
    """Check the connection that Windows makes into the distribution, where its rules were read."""
    policy = read_policy(case.readings)
    if isinstance(policy, Unknown):
        return []
    found = check_onward(policy, entry.proxy, read_interfaces(case.readings) or ())
    return [_typed_on_windows(case, one, way) for one in found]


def check_shared(case: Case) -> list[Finding]:
    """Check what Windows Firewall does with clients of a Linux in WSL1, whose sockets are those of Windows itself."""
    if case.way is None:
        return []
    policy = read_policy(case.readings)
    if isinstance(policy, Unknown):
        return [_unreadable(policy)]
    way = replace(case.way, front=Front(case.way.ip, case.port))
    found = (*other_firewalls(_windows_case(case, case.facts)), *_judge(case, way, policy, is_helped=False))
    return [_typed_on_windows(case, one, way) for one in found]


def _others(case: Case) -> list[Finding]:
    """Firewalls of other makers on Windows: clients of a distribution that shares its network meet them, too."""
    if case.way is None:
        return []
    found = other_firewalls(_windows_case(case, case.facts))
    return [_typed_on_windows(case, one, case.way) for one in found]


def _check_front(case: Case, way: Way) -> list[Finding]:
    policy = read_policy(case.readings)
    if isinstance(policy, Unknown):
        return [_not_asked(case) if is_absent(case.readings) else _unreadable(policy)]
    found = _judge(case, way, policy)
    others = list(
        other_firewalls(_windows_case(case, windows_facts(case.readings, policy.lower(), _port(way))))
    )
    if others:
        found = [
            replace(one, outcome=Outcome.WARNS) if one.outcome is Outcome.BLOCKS else one for one in found
        ]
    return [_typed_on_windows(case, one, way) for one in (*others, *found)]


def _port(way: Way) -> int:
    assert way.front is not None
    return way.front.port


def _windows_case(case: Case, facts: Facts) -> Case:
    """The same question, asked on Windows: its facts, and what PowerShell told of it."""
    state = case.readings.get(WSL_STATE.name)
    readings = {} if state is None else {STATE.name: state}
    port = case.port if case.way is None or case.way.front is None else case.way.front.port
    return replace(
        case, facts=facts, readings=readings, target=replace(case.target, port=port), ways=(), classes={}
    )


def _judge(case: Case, way: Way, policy: Policy, *, is_helped: bool = True) -> list[Finding]:
    """Follow the clients' connection through Windows Firewall, for each profile that its interface may have.

    ``is_helped``: a port proxy takes it. Else it is a program of Linux.
    """
    port = _port(way)
    known = next((one for one in windows_ways(case.readings) if one.ip == way.client_ip), None)
    rules = policy if known is not None else for_neighbours(policy)
    facts = windows_facts(case.readings, rules.lower(), port)
    facts = facts if is_helped else _of_linux(facts)
    asked = _windows_case(case, facts)
    candidates = list(_candidates(case, facts, known, port))
    journeys = [follow_through(facts, rules.lower(), packet) for _, packet in candidates]
    verdicts = {journey.verdict for journey in journeys}
    if len(verdicts) == 1:
        outside = candidates[0][0]
        return list(judge_way(asked, rules, outside, journeys[0]))
    return [_hangs_on_profile(way, journeys)]


def _of_linux(facts: Facts) -> Facts:
    """The same, where a program of Linux listens: no service, and by which path Windows knows it nobody can tell."""
    program = Process(HELPER, "linux", exe=OF_LINUX, services=())
    return replace(facts, processes={HELPER: program})


def _candidates(case: Case, facts: Facts, known: Way | None, port: int) -> Iterator[tuple[Way, Packet]]:
    """The client's packet as Windows sees it. Without Windows' addresses: a neighbour's, in each possible profile."""
    if known is not None and known.interface.profile is not None:
        yield known, _clients_packet(case, facts, known, port)
        return
    for card in _cards(case):
        interface = Interface(card.alias, card.index, "other", True, True, profile=card.category)
        address = Address(_EVERYWHERE) if known is None else known.address
        way = Way(
            "way1",
            interface if known is None else replace(known.interface, profile=card.category),
            address,
            True,
        )
        if known is not None:
            yield way, _clients_packet(case, facts, way, port)
            continue
        yield way, _neighbour(facts, card.category, port, case)


def _clients_packet(case: Case, facts: Facts, way: Way, port: int) -> Packet:
    """The packet of the client that was named, else of one of the largest class of clients."""
    peer = case.peer if case.peer is not None and case.peer.version == way.ip.version else None
    found = follow_ways(facts, (way,), Target(port=port), peer, _through_firewall)[way.id]
    return found[0].journey.packet if found else first_packet(facts, way, peer or client_of(way), port)


def _through_firewall(facts: Facts, packet: Packet) -> Journey | Unknown:
    rules = facts.ruleset
    return rules if isinstance(rules, Unknown) else follow_through(facts, rules, packet)


def _cards(case: Case) -> list[ConnectionProfile]:
    """The networks by which clients may come, one of each profile, private first; all three where Windows told none."""
    state = read_state(case.readings)
    networks = () if isinstance(state, Unknown) else state.profiles
    cards = [one for one in networks if kind_of(one.alias) in ("ethernet", "wifi")] or networks
    found = {one.category: one for one in cards} or {
        one: ConnectionProfile("Windows", "", one) for one in PROFILES
    }
    return sorted(found.values(), key=lambda one: one.category != "private")


def _neighbour(facts: Facts, profile: str, port: int, case: Case) -> Packet:
    """A neighbour of Windows, of whom nothing is known but that; the address of ``--peer`` where it is given."""
    helper = None if isinstance(facts.processes, Unknown) else facts.processes.get(HELPER)
    return Packet(
        destination_port=port,
        source=case.peer,
        source_port=None if case.peer is None else 40000,
        program=None if helper is None else helper.exe,
        services=None if helper is None else helper.services,
        profile=profile,
    )


def _hangs_on_profile(way: Way, journeys: list[Journey]) -> Finding:
    lines = [one.decided_by for one in journeys if one.decided_by is not None]
    return Finding(
        code="firewall-unreadable",
        outcome=Outcome.UNKNOWN,
        title="Whether Windows Firewall lets other devices in: its network's profile can't be seen here",
        evidence=tuple(Evidence("Windows Firewall", f"input: {line.rule_text}") for line in lines[:3]),
        fixes=(Fix("Show the network profile", ("Get-NetConnectionProfile",), needs="user-action"),),
        paths=(way.id,),
    )


def _typed_on_windows(case: Case, finding: Finding, way: Way) -> Finding:
    """A finding of Windows' own check, as it is told inside the distribution: its commands are typed on Windows."""
    fixes = tuple(
        replace(
            fix, needs=rights(case) if fix.needs == "root" else fix.needs, title=f"{fix.title}, on Windows"
        )
        for fix in finding.fixes
    )
    return replace(finding, fixes=fixes, paths=(way.id,))


def _not_asked(case: Case) -> Finding:
    assert case.way is not None
    port = _port(case.way)
    return Finding(
        code="windows-firewall-not-asked",
        outcome=Outcome.WARNS,
        title=f"Whether Windows Firewall lets port {port} in: it could not be asked from this distribution",
        detail="Nothing inside of the distribution stops clients; Windows may.",
        evidence=(Evidence(WSL_RULES.argv[0], "Windows programs cannot be started here (interop)"),),
        fixes=(
            Fix(
                "Ask it (PowerShell on Windows)",
                (f"Get-NetFirewallPortFilter | Where-Object LocalPort -eq {port} | Get-NetFirewallRule",),
                needs="user-action",
                steps=(f"Or install landiag on Windows, too: landiag check --port {port}",),
            ),
        ),
        paths=(case.way.id,),
    )


def _unreadable(policy: Unknown) -> Finding:
    return Finding(
        code="firewall-unreadable",
        outcome=Outcome.UNKNOWN,
        title=f"Whether Windows Firewall lets other devices in: it could not be read ({policy.reason})",
        evidence=(Evidence(policy.source, policy.reason),),
        fixes=(Fix("Show its rules (on Windows)", (f'reg query "{RULES_KEY}"',), needs="user-action"),),
    )
