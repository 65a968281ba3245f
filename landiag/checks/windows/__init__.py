"""Checks of Windows."""

from __future__ import annotations

from collections.abc import Sequence

from landiag.checks.case import Answer, Case, answer
from landiag.checks.system import System
from landiag.checks.windows import firewall, port
from landiag.checks.wsl import on_windows, onward, passing
from landiag.collect.windows_net import parse_arp
from landiag.model.causes.listening import PORT_TAKEN
from landiag.model.facts import Command
from landiag.model.report import Finding, Outcome


def check_firewall(case: Case) -> Answer:
    """What Windows Firewall does with clients, and with the connection that a port proxy makes for them."""
    found, onward_findings = firewall.check_firewall(case), onward.check(case)
    return answer([*found.findings, *onward_findings], found.summary) if onward_findings else found


def check_port(case: Case, bind_error: str | None) -> list[Finding]:
    """What Windows says of the port: it keeps it for itself, or passes it on into WSL2."""
    return [*port.check_port(case, bind_error), *on_windows.check(case)]


def explains_listening(_case: Case, findings: Sequence[Finding]) -> bool:
    """A port that Windows keeps, a server inside WSL2, or something that nobody could look at."""
    return any(
        one.outcome is Outcome.UNKNOWN or (one.outcome is Outcome.BLOCKS and one.code != PORT_TAKEN.code)
        for one in findings
    )


SYSTEM = System(
    ways=on_windows.ways,
    plan=on_windows.plan,
    check_firewall=check_firewall,
    check_port=check_port,
    explains_listening=explains_listening,
    passing_on=passing.passing_on,
    ending=passing.ending,
    arp_after=Command("arp-after", ("arp", "-a")),
    parse_arp=parse_arp,
)
"""What the checks ask differently on Windows."""
