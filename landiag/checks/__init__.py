"""Checks: facts, journeys and exchanges in, findings out. Pure; one cause or one small family a module."""

from __future__ import annotations

from collections.abc import Callable

from landiag.checks import addresses, application, firewall, listening, peer, port, way_back
from landiag.checks.case import Answer, Case

CHECKS: tuple[tuple[str, Callable[[Case], Answer]], ...] = (
    ("listening", listening.check),
    ("port", port.check),
    ("addresses", addresses.check),
    ("firewall", firewall.check),
    ("way-back", way_back.check),
    ("application", application.check),
    ("peer", peer.check),
)
"""Every check by the name it has in the report, in the report's order."""
