"""Checks of Windows."""

from __future__ import annotations

from landiag.checks.case import Case
from landiag.checks.system import System
from landiag.checks.windows import firewall, port
from landiag.checks.wsl import on_windows
from landiag.collect.windows_net import parse_arp
from landiag.model.facts import Command
from landiag.model.report import Finding


def check_port(case: Case, bind_error: str | None) -> list[Finding]:
    """What Windows says of the port: it keeps it for itself, or passes it on into WSL2."""
    return [*port.check_port(case, bind_error), *on_windows.check(case)]


SYSTEM = System(
    ways=on_windows.ways,
    plan=on_windows.plan,
    check_firewall=firewall.check_firewall,
    check_port=check_port,
    explains_listening=True,
    passing_on=on_windows.passing_on,
    arp_after=Command("arp-after", ("arp", "-a")),
    parse_arp=parse_arp,
)
"""What the checks ask differently on Windows."""
