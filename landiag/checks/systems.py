"""What the checks ask differently on Windows, macOS, the BSDs and in WSL2."""

from __future__ import annotations

from landiag.checks.bind_test import bind_error
from landiag.checks.case import Answer, Case
from landiag.collect.machine import Machine
from landiag.model.facts import Call, Command, Neighbour, Source, Unknown
from landiag.model.report import Finding, Outcome


def sources(machine: Machine) -> tuple[Source, ...]:
    """What is read besides the host's own sources: inside WSL2, what Windows says."""
    if machine.info.environment != "wsl2":
        return ()
    from landiag.checks import wsl_sources

    return wsl_sources.sources(machine.info.environment)


def plan(case: Case) -> tuple[Call, ...]:
    """Name the exchanges that only these systems need."""
    if case.facts.os != "windows":
        return ()
    from landiag.checks import wsl

    return wsl.plan(case)


def firewall_answer(case: Case) -> Answer | None:
    """The firewall check of another system than Linux; None on Linux."""
    if case.facts.os == "windows":
        from landiag.checks import windows

        return windows.check_firewall(case)
    if case.facts.os in ("macos", "freebsd", "openbsd"):
        from landiag.checks import macos

        return macos.check_firewall(case)
    return None


def inside_wsl(case: Case) -> list[Finding]:
    """What keeps clients from a WSL2 distribution, found from inside of it; empty elsewhere."""
    if case.facts.os != "linux" or case.machine.info.environment != "wsl2":
        return []
    from landiag.checks import wsl

    return wsl.check_inside(case)


def port_findings(case: Case, bind_error: str | None) -> list[Finding]:
    """What another system says of the port: kept by Windows, held by AirPlay, served inside WSL2."""
    if case.facts.os == "windows":
        from landiag.checks import windows_port, wsl

        return [*windows_port.check_port(case, bind_error), *(wsl.check_on_windows(case) or [])]
    if case.facts.os == "macos":
        from landiag.checks import macos

        return macos.check_port(case)
    return [one for one in inside_wsl(case) if one.code.startswith("port-")]


def arp_after(os: str) -> Command:
    """Name the listing of the neighbours that is read once a device was asked."""
    return Command("arp-after", ("arp", "-a" if os == "windows" else "-an"))


def parse_arp_after(case: Case) -> tuple[Neighbour, ...] | Unknown | None:
    """Parse that listing; None when it was not read."""
    interfaces = () if isinstance(case.facts.interfaces, Unknown) else case.facts.interfaces
    if case.facts.os == "windows":
        from landiag.collect.windows_net import parse_arp as parse_windows

        return case.parse(arp_after("windows"), lambda text: parse_windows(text, interfaces))
    from landiag.collect.bsd_net import parse_arp

    return case.parse(arp_after(case.facts.os), parse_arp)


def is_explained_by_port(case: Case) -> bool:
    """Whether the port explains what listens or does not: a server inside WSL2, a port that Windows keeps, or
    something that nobody could look at."""
    if case.facts.os != "windows":
        return False
    return any(
        one.outcome is Outcome.UNKNOWN or (one.outcome is Outcome.BLOCKS and one.code != "port-taken")
        for one in port_findings(case, bind_error(case))
    )
