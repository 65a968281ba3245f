"""What clients get from a port on which nothing listens: a refusal, or nothing at all."""

from __future__ import annotations

from landiag.checks.case import Case
from landiag.journey.ways import Way
from landiag.model.facts import Unknown

_WAIT = "Clients wait and time out:"


def is_silent(case: Case, way: Way) -> bool | None:
    """Whether this machine answers nothing on a closed port; None where nobody could tell."""
    if case.facts.os == "windows":
        return _is_filtered(case, way)
    stealthy = _is_stealthy(case) if case.facts.os == "macos" else False
    if stealthy is not False:
        return stealthy
    return case.facts.sysctls.get("net.inet.tcp.blackhole", "0") not in ("0", "")


def _is_filtered(case: Case, way: Way) -> bool | None:
    """Windows is silent where its firewall is on for the network (SupportArticles-docs, disable-stealth-mode.md)."""
    from landiag.collect import windows

    policy = windows.parse_policy(case.readings)
    enabled = (
        None if isinstance(policy, Unknown) else policy.effective(way.interface.profile or "public").enabled
    )
    return None if isinstance(enabled, Unknown) else enabled


def _is_stealthy(case: Case) -> bool | None:
    """Whether the application firewall of macOS leaves such clients waiting, which it does while it is on."""
    from landiag.collect import bsd_firewalls

    alf = bsd_firewalls.read_alf(case.readings)
    if alf.state == 0:
        return None if alf.stealth else False
    return alf.stealth


def what_clients_get(case: Case, way: Way) -> str:
    """A sentence about it, where it is no refusal; else nothing."""
    if is_silent(case, way) is not True:
        return ""
    if case.facts.os == "windows":
        return f"{_WAIT} with its firewall on, Windows answers nothing on a closed port."
    return f"{_WAIT} this machine answers nothing on a closed port (stealth mode)."
