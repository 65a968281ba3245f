"""The first questions, asked before whatever judges the answers is imported: that takes as long as the answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from landiag.host import Recorder
from landiag.model.facts import Command, Source
from landiag.probe import sources
from landiag.probe.target import Request

if TYPE_CHECKING:
    from landiag.probe.case import Case


def begin_asking(request: Request, recorder: Recorder) -> None:
    """Begin the first round of a request, and return; ``command.run`` waits for the answers."""
    recorder.begin(_slowest(request))
    from landiag.probe.case import Case

    case = Case(request, recorder.readings)
    # Starting a command takes time from everything else, and so does the description of this machine.
    recorder.begin(
        sorted(plan_of(case)(case), key=lambda one: (isinstance(one, Command), one.name == "machine"))
    )


def _slowest(request: Request) -> tuple[Source, ...]:
    """What takes longest of the first round, for an address that is given."""
    if request.address is None:
        return ()
    address, place = request.with_zone(request.address), sources.place_of(request.interface)
    arp = (sources.arp_owners(address, place),) if request.address.version == 4 else ()
    return (*arp, sources.ping(address, place)) if request.icmp else arp


def plan_of(case: Case) -> Callable[[Case], tuple[Source, ...]]:
    """How to plan what to ask: one request, or a survey, which is loaded only when it is asked for."""
    if case.is_survey:
        from landiag.probe.survey_plan import plan_survey

        return plan_survey
    from landiag.probe.plan import plan

    return plan
