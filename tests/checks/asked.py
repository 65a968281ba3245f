"""A question about the host of ``tests/journey/world.py``, with its ways in and clients followed."""

from __future__ import annotations

from collections.abc import Mapping

from landiag.checks.case import Case
from landiag.collect.exchanges.http import Attempt, End, Exchange
from landiag.collect.exchanges.tcp import Connect, TcpOutcome
from landiag.collect.exchanges.transcript import encode
from landiag.collect.machine import Machine
from landiag.journey.classes import follow_ways
from landiag.journey.ways import choose_ways, list_ways
from landiag.model.facts import Call, Reading, ReadStatus
from landiag.model.host import Facts
from landiag.model.report import HostInfo, Target

INFO = HostInfo("Debian GNU/Linux", "13", "6.18", "shop", privileged=True, environment="bare")
MACHINE = Machine("linux", INFO, 0.0, 0, "4026531840", "landiag")


def case_of(facts: Facts, readings: Mapping[str, Reading] | None = None) -> Case:
    """The question why nobody reaches port 5000 of this host."""
    target = Target(5000)
    ways = choose_ways(facts, list_ways(facts), target, None)
    return Case(target, MACHINE, facts, ways, follow_ways(facts, ways, target, None), readings or {})


def heard(call: Call, outcome: TcpOutcome, end: End) -> tuple[str, Reading]:
    """What a call of this machine's own met, by the source's name."""
    asked = dict(call.params)
    attempt = Attempt("http", Connect(outcome, 0.001), end)
    said = Exchange(asked["address"], int(asked["port"]), asked["host"], asked["path"], "auto", (attempt,))
    return call.name, Reading(call.name, ReadStatus.OK, encode(said))
