"""A policy held against a fleet: each expectation holds, is violated, or nobody can tell."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from landiag.fleet.fate import Cell, CellVerdict, cell_json, unknown
from landiag.fleet.parties import Parties, find_parties
from landiag.fleet.policy import Expectation, Policy, PolicyError
from landiag.fleet.reach import Reach
from landiag.model.causes.network import NO_LAN_ADDRESS
from landiag.model.terms import Word

MOST_SHOWN = 50
"""How many cells of a violated expectation a result names."""


class State(Word):
    """What became of an expectation."""

    HOLDS = "holds"
    VIOLATED = "violated"
    UNKNOWN = "unknown"


_WEIGHT = {State.HOLDS: 0, State.UNKNOWN: 1, State.VIOLATED: 2}


class Result(Struct, frozen=True):
    """One expectation's result. ``cells`` are those that decide it, the first of which is the witness.

    ``why`` is a sentence for people; empty where it holds.
    """

    expectation: Expectation
    state: State
    why: str = ""
    cells: tuple[Cell, ...] = ()
    count: int = 0

    @property
    def hosts(self) -> tuple[str, ...]:
        """The hosts and zones of the cells that decide."""
        return tuple(dict.fromkeys(name for cell in self.cells for name in (cell.client, cell.server)))


class _Demand(Struct, frozen=True):
    """What an expectation asks of one pair: a client (a host or a zone), a server."""

    client: str
    server: str
    is_zone: bool
    is_reachable: bool


def judge_policy(policy: Policy, reach: Reach) -> tuple[Result, ...]:
    """Judge every expectation. Raises PolicyError where two contradict each other, or name what is not there."""
    demands = [(one, *_demands(policy, reach, one)) for one in policy.expectations]
    _refuse_contradictions([(one, found) for one, found, _ in demands])
    return tuple(_judge(policy, reach, one, found, missing) for one, found, missing in demands)


def exit_status(results: tuple[Result, ...]) -> int:
    """The exit status of ``fleet test``: 0 holds, 1 violated, 3 unknown."""
    worst = max((_WEIGHT[one.state] for one in results), default=_WEIGHT[State.UNKNOWN])
    return {0: 0, 1: 3, 2: 1}[worst]


def _demands(policy: Policy, reach: Reach, one: Expectation) -> tuple[tuple[_Demand, ...], tuple[str, ...]]:
    """What an expectation asks of each pair, and the names that nothing was recorded of."""
    servers = find_parties(policy, reach.hosts, one.to)
    if servers.zones:
        raise PolicyError(
            f"in expectation {one.number} 'to' names the zone {servers.zones[0]}: it must be hosts"
        )
    excluded = find_parties(policy, reach.hosts, one.excluded)
    clients = find_parties(policy, reach.hosts, one.clients).without(excluded)
    found = [
        *_pairs(clients, servers, one.is_reachable),
        *(_pairs(_others(policy, reach, clients), servers, is_reachable=False) if one.only else ()),
    ]
    missing = dict.fromkeys((*servers.missing, *clients.missing, *excluded.missing))
    return tuple(found), tuple(missing)


def _others(policy: Policy, reach: Reach, clients: Parties) -> Parties:
    everybody = Parties(tuple(host.name for host in reach.hosts), tuple(policy.zones))
    return everybody.without(clients)


def _pairs(clients: Parties, servers: Parties, is_reachable: bool) -> Iterator[_Demand]:
    for server in servers.hosts:
        for client in clients.hosts:
            if client != server:
                yield _Demand(client, server, False, is_reachable)
        for zone in clients.zones:
            yield _Demand(zone, server, True, is_reachable)


def _refuse_contradictions(all_demands: list[tuple[Expectation, tuple[_Demand, ...]]]) -> None:
    """Two expectations may not ask the opposite of the same pair, port and address."""
    asked: dict[tuple[str, str, bool, str, int], list[tuple[Expectation, bool]]] = {}
    for one, demands in all_demands:
        for demand in demands:
            for port in one.ports:
                key = (demand.client, demand.server, demand.is_zone, one.protocol, port)
                others = asked.setdefault(key, [])
                for other, is_reachable in others:
                    same = None in (one.address, other.address) or one.address == other.address
                    if same and is_reachable is not demand.is_reachable:
                        raise PolicyError(
                            f"expectations {other.number} and {one.number} contradict each other: {demand.client} "
                            f"to {demand.server} on port {port} is to be both reachable and unreachable"
                        )
                if not any(known is demand.is_reachable and e.address == one.address for e, known in others):
                    others.append((one, demand.is_reachable))


def _judge(
    policy: Policy, reach: Reach, one: Expectation, demands: tuple[_Demand, ...], missing: tuple[str, ...]
) -> Result:
    found: dict[State, list[tuple[Cell, str]]] = {State.VIOLATED: [], State.UNKNOWN: [], State.HOLDS: []}
    count = 0
    for demand in demands:
        for cell in _cells(policy, reach, one, demand, demands):
            state, why = _hold(cell, demand.is_reachable)
            count += 1
            if len(found[state]) < MOST_SHOWN:
                found[state].append((cell, why))
    if missing:
        cell = Cell(missing[0], ", ".join(one.to), one.address, one.ports[0], unknown("it was not recorded"))
        found[State.UNKNOWN].append((cell, f"nothing was recorded of {', '.join(missing)}"))
        count += 1
    for state in (State.VIOLATED, State.UNKNOWN, State.HOLDS):
        if found[state]:
            return Result(one, state, found[state][0][1], tuple(cell for cell, _ in found[state]), count)
    return Result(one, State.UNKNOWN, "no pair of recorded hosts is meant by it")


def _hold(cell: Cell, is_reachable: bool) -> tuple[State, str]:
    """Whether a cell is as it should be, and the sentence that says why not."""
    fate = cell.fate
    who = f"{cell.client} to {cell.server} port {cell.port}"
    if fate.verdict is CellVerdict.UNKNOWN:
        return State.UNKNOWN, f"{who}: {fate.detail}"
    if is_reachable:
        holds = fate.verdict is CellVerdict.REACHABLE
        return (State.HOLDS, "") if holds else (State.VIOLATED, f"{who}: {fate.detail}")
    if fate.verdict is CellVerdict.BLOCKED:
        return State.HOLDS, ""
    if fate.verdict is CellVerdict.NO_LISTENER:
        return State.VIOLATED, f"{who} is open, nobody listens yet"
    return State.VIOLATED, f"{who} is open"


def _cells(
    policy: Policy, reach: Reach, one: Expectation, demand: _Demand, demands: tuple[_Demand, ...]
) -> Iterator[Cell]:
    server = reach.by_name[demand.server]
    for port in one.ports:
        if one.protocol == "udp":
            fate = unknown("what listens on UDP is not recorded")
            yield Cell(demand.client, demand.server, one.address, port, fate, protocol="udp")
        elif not demand.is_zone:
            yield from reach.cells(reach.by_name[demand.client], server, port, one.address)
        elif server.problem:
            yield Cell(
                demand.client, demand.server, one.address, port, unknown(f"{server.name}: {server.problem}")
            )
        else:
            yield from _cells_of_zone(policy, reach, one, demand, demands, port)


def _cells_of_zone(
    policy: Policy, reach: Reach, one: Expectation, demand: _Demand, demands: tuple[_Demand, ...], port: int
) -> Iterator[Cell]:
    """The clients of a zone, but for hosts and zones of which the same expectation asks something else."""
    server = reach.by_name[demand.server]
    others = [d for d in demands if d.server == demand.server and d.client != demand.client]
    apart = [d for d in others if d.is_reachable is not demand.is_reachable]
    hosts = frozenset(ip for d in apart if not d.is_zone for ip in reach.by_name[d.client].own)
    inner = [net for d in apart if d.is_zone for net in policy.zones[d.client]]
    versions = {net.version for net in policy.zones[demand.client]}
    addresses = [ip for ip in server.addresses if one.address in (None, ip) and ip.version in versions]
    if not addresses:
        why = unknown(f"{server.name} has no address of that family", NO_LAN_ADDRESS.code)
        yield Cell(demand.client, demand.server, one.address, port, why)
    for address in addresses:
        for network in policy.zones[demand.client]:
            if network.version != address.version:
                continue
            narrower = tuple(net for net in inner if net.prefixlen > network.prefixlen)
            for speaker, fate in reach.from_network(server, network, address, port, hosts, narrower):
                yield Cell(demand.client, demand.server, address, port, fate, speaker)


def result_json(result: Result) -> dict[str, Any]:
    """A result as the contract has it."""
    one, first = result.expectation, result.cells[0] if result.cells else None
    return {
        "expectation": {
            "number": one.number, "name": one.name, "to": list(one.to), "port": list(one.ports),
            "protocol": one.protocol, "from": list(one.clients), "only": one.only, "except": list(one.excluded),
            "be": "reachable" if one.is_reachable else "unreachable",
            "address": None if one.address is None else str(one.address),
        },
        "state": result.state.value,
        "witness": None if first is None else first.witness,
        "decided_by": None if first is None else first.fate.decided_by,
        "hosts": list(result.hosts),
        "why": result.why,
        "cells": [cell_json(cell) for cell in result.cells],
        "checked": result.count,
    }  # fmt: skip
