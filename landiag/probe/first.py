"""The first questions, planned before whatever judges the answers is imported: that takes as long as the answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from landiag.model.facts import Source
from landiag.probe import sources
from landiag.probe.target import Request

if TYPE_CHECKING:
    from landiag.probe.case import Case


def plan_slowest(request: Request) -> tuple[Source, ...]:
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
