"""A question about the host of ``tests/journey/world.py``, with its ways in and clients followed."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any

from landiag.checks.case import Case
from landiag.collect.exchanges.http import Attempt, End, Exchange
from landiag.collect.exchanges.tcp import Connect, TcpOutcome
from landiag.collect.exchanges.transcript import encode
from landiag.collect.machine import Machine
from landiag.journey.classes import follow_ways
from landiag.journey.ways import choose_ways, list_ways
from landiag.model.facts import Call, Reading, ReadStatus, Source
from landiag.model.host import Facts
from landiag.model.report import HostInfo, Target

INFO = HostInfo("Debian GNU/Linux", "13", "6.18", "shop", privileged=True, environment="bare")
MACHINE = Machine("linux", INFO, 0.0, 0, "4026531840", "landiag")

PORT = Target(5000)


def case_of(
    facts: Facts,
    readings: Mapping[str, Reading] | None = None,
    *,
    peer: str | None = None,
    target: Target = PORT,
    **more: Any,
) -> Case:
    """The question why nobody (or this client) reaches port 5000 of this host."""
    client = None if peer is None else ip_address(peer)
    ways = choose_ways(facts, list_ways(facts), target, client)
    classes = follow_ways(facts, ways, target, client)
    machine = more.pop("machine", MACHINE)
    return Case(target, machine, facts, ways, classes, readings or {}, client, **more)


def said(source: Source, transcript: object) -> tuple[str, Reading]:
    """What an exchange or a command of this machine's own told, by the source's name."""
    data = transcript.encode() if isinstance(transcript, str) else encode(transcript)
    return source.name, Reading(source.name, ReadStatus.OK, data)


def heard(call: Call, outcome: TcpOutcome, end: End, **more: Any) -> tuple[str, Reading]:
    """What a request of this machine's own met, by the source's name."""
    asked = dict(call.params)
    attempt = Attempt(more.pop("scheme", "http"), Connect(outcome, 0.001), end, **more)
    return said(
        call, Exchange(asked["address"], int(asked["port"]), asked["host"], asked["path"], "auto", (attempt,))
    )
