"""A program of Windows that has the port of a server inside WSL2: a container engine's proxy, a server of Windows."""

from __future__ import annotations

from landiag.checks.case import Case
from landiag.checks.wsl.sources import WSL_STATE, read_state
from landiag.collect.windows_state import HostListener
from landiag.model.facts import ReadStatus, Unknown
from landiag.model.process import Process
from landiag.model.report import Evidence, Finding, Fix, Outcome
from landiag.model.urls import bracketed
from landiag.servers.relays import relay_of

_PORT_PROXIES = "svchost"
"""The IP Helper service runs in it: its port proxies are followed one by one."""


def find_holder(case: Case, port: int) -> HostListener | None:
    """The program of Windows that takes other devices' connections to a port, be it beside the port proxy's service."""
    state = read_state(case.readings)
    listeners = () if isinstance(state, Unknown) else state.listeners
    return next((one for one in listeners if one.port == port and _takes_clients(one)), None)


def may_be_held(case: Case) -> bool:
    """Whether Windows answered in a way that nobody understands: then a program of it may have the port."""
    reading = case.readings.get(WSL_STATE.name)
    answered = reading is not None and reading.status is ReadStatus.OK
    return answered and isinstance(read_state(case.readings), Unknown)


def _takes_clients(listener: HostListener) -> bool:
    return not listener.ip.is_loopback and listener.process.lower() != _PORT_PROXIES


def tell_holder(holder: HostListener) -> Finding:
    """Say that the way in is by that program, and that only Windows shows where it leads."""
    relay = relay_of(Process(0, holder.process))
    name = holder.process or "a program"
    who = name if relay is None else f"{relay.title} ({name})"
    step = f"Install landiag on Windows, and run in its terminal: landiag check --port {holder.port}"
    return Finding(
        code="port-not-forwarded",
        outcome=Outcome.UNKNOWN,
        title=f"Whether other devices get to this distribution: {who} has port {holder.port} on Windows, and where "
        "it leads can't be seen here",
        detail="Other devices connect to the address of Windows, where that program takes their connections.",
        evidence=(
            Evidence(WSL_STATE.name, f"{holder.process} listens on {bracketed(holder.ip)}:{holder.port}"),
        ),
        fixes=(Fix("Look from Windows", needs="user-action", steps=(step,)),),
    )
