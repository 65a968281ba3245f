"""Checks: facts, journeys and exchanges in, findings out. Pure; one cause or one small family a module."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from landiag.checks.addresses import check as addresses
from landiag.checks.application import check as application
from landiag.checks.case import Answer, Case
from landiag.checks.firewall import check as firewall
from landiag.checks.listening import check as listening
from landiag.checks.peer import check as peer
from landiag.checks.ports import check as port
from landiag.checks.routes import check as way_back
from landiag.model.facts import Source
from landiag.model.terms import CheckName


def _nothing(_case: Case) -> tuple[Source, ...]:
    return ()


class Check(Struct, frozen=True):
    """One line of the report.

    ``plan`` names what it wants to be read of a case, ``plan_after`` what the answers so far make worth reading: it
    is asked again until it wants nothing new.
    """

    name: CheckName
    check: Callable[[Case], Answer]
    plan: Callable[[Case], tuple[Source, ...]] = _nothing
    plan_after: Callable[[Case], tuple[Source, ...]] = _nothing


CHECKS = (
    Check(CheckName.LISTENING, listening.check, listening.plan, listening.plan_after),
    Check(CheckName.PORT, port.check, port.plan, port.plan_after),
    Check(CheckName.ADDRESSES, addresses.check, addresses.plan, addresses.plan_after),
    Check(CheckName.FIREWALL, firewall.check, firewall.plan, firewall.plan_after),
    Check(CheckName.WAY_BACK, way_back.check),
    Check(CheckName.APPLICATION, application.check, application.plan, application.plan_after),
    Check(CheckName.PEER, peer.check, peer.plan, peer.plan_after),
)
"""Every check, in the report's order."""
