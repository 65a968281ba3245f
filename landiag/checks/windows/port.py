"""Windows: ports that the system keeps for itself, and several servers on one port."""

from __future__ import annotations

from msgspec.structs import replace

from landiag.checks import words
from landiag.checks.case import Case
from landiag.collect import windows_sources
from landiag.collect.portproxy import PortRange, parse_excluded_ranges
from landiag.firewall.windows.text import decode_console
from landiag.model.facts import ReadStatus, Unknown
from landiag.model.report import Evidence, Finding, Fix, Outcome


def check_port(case: Case, bind_error: str | None) -> list[Finding]:
    """Check whether Windows keeps the port for itself: an excluded range, or http.sys.

    ``bind_error`` is the error with which a test of the port ended; None where it was free or not tried.
    """
    if isinstance(case.facts.sockets, Unknown):
        return []
    ours = case.listeners
    if any(4 in socket.pids for socket in ours):
        return [_http_sys(case, wanted=case.program is not None and case.program.lower() != "system")]
    pids = {pid for socket in ours for pid in socket.pids}
    if len(pids) > 1 and isinstance(case.facts.processes, Unknown):
        return [_several_owners(case, sorted(pids))]
    ranges, is_whole = _excluded(case)
    found = next((one for one in ranges if one.first <= case.port <= one.last), None)
    if ours or (found is None and bind_error != "EACCES"):
        return []
    if found is None and is_whole:
        return [_held_alone(case)]
    reserved = _reserved(case, found)
    return [reserved if found is not None else replace(reserved, outcome=Outcome.UNKNOWN)]


def _held_alone(case: Case) -> Finding:
    """Windows answers 10013, and not 10048, where a socket keeps its port with SO_EXCLUSIVEADDRUSE."""
    return Finding(
        code="port-taken",
        outcome=Outcome.BLOCKS,
        title=f"A program keeps port {case.port} for itself and does not listen on it (error 10013, no excluded range)",
        detail="It set SO_EXCLUSIVEADDRUSE: Windows then refuses the port to every other program.",
        evidence=(Evidence("bind()", f"port {case.port}: error 10013"),),
        fixes=(words.see_holders(case),),
    )


def _several_owners(case: Case, pids: list[int]) -> Finding:
    return Finding(
        code="port-taken",
        outcome=Outcome.UNKNOWN,
        title=f"Processes {', '.join(map(str, pids))} all listen on port {case.port}, and who they are is not visible",
        detail="Windows lets two servers share a port: clients may reach the one that you do not mean.",
        fixes=(Fix("See who they are", (f'tasklist /fi "pid eq {pids[0]}"',), needs="user-action"),),
    )


def _excluded(case: Case) -> tuple[tuple[PortRange, ...], bool]:
    """The ranges that were read, and whether these are all."""
    found: tuple[PortRange, ...] = ()
    is_whole = True
    for source in (windows_sources.EXCLUDED4, windows_sources.EXCLUDED6):
        reading = case.readings.get(source.name)
        if reading is None or reading.status is not ReadStatus.OK or b"---" not in reading.data:
            is_whole = False
        else:
            found += parse_excluded_ranges(decode_console(reading.data))
    return found, is_whole


def _reserved(case: Case, found: PortRange | None) -> Finding:
    port = case.port
    where = "error 10013" if found is None else f"ports {found.first} to {found.last}"
    keep = f"netsh interface ipv4 add excludedportrange protocol=tcp startport={port} numberofports=1 store=persistent"
    give_back = f"netsh interface ipv4 delete excludedportrange protocol=tcp startport={port} numberofports=1"
    other = Fix(
        "Use another port",
        needs="user-action",
        steps=("Start the server on a port outside of these ranges.",),
    )
    free = Fix(
        "Take the port out of the hands of Hyper-V and WSL, and keep it (as administrator)",
        ("net stop winnat", keep, "net start winnat"),
        ("net stop winnat", give_back, "net start winnat"),
        needs="root",
        steps=(words.ELEVATE,),
        risk="interrupts the network of containers and WSL for a moment",
    )
    return Finding(
        code="port-reserved",
        outcome=Outcome.BLOCKS,
        title=f"Windows keeps port {port} for itself ({where}): no server can take it",
        detail="A server that asks for it ends with error 10013 (access denied); no program is seen to hold the port.",
        evidence=(Evidence("netsh interface ipv4 show excludedportrange", where),),
        fixes=(other,) if found is not None and found.administered else (free, other),
    )


def _http_sys(case: Case, *, wanted: bool) -> Finding:
    """``wanted``: somebody means another program's server, which then cannot have the port."""
    return Finding(
        code="port-reserved",
        outcome=Outcome.BLOCKS if wanted else Outcome.WARNS,
        title=f"Port {case.port} belongs to Windows itself (http.sys, process 4), for a service that asked it to",
        detail="IIS, WinRM and others share it by address and path; another server cannot take it.",
        evidence=(Evidence("listeners", f"port {case.port}: process 4 (System)"),),
        fixes=(
            Fix(
                "See which service it is",
                ("netsh http show servicestate view=requestq",),
                needs="user-action",
                steps=("Stop that service, or use another port.",),
            ),
        ),
    )
