"""What else holds a port on macOS."""

from __future__ import annotations

from landiag.checks.case import Case
from landiag.checks.listening.owners import describe_owner, owner_evidence
from landiag.collect import bsd_sources
from landiag.model.facts import Unknown
from landiag.model.report import Finding, Fix, Outcome
from landiag.model.terms import Symptom

_AIRPLAY_PORTS = (5000, 7000)


def check_port(case: Case) -> list[Finding]:
    """Check whether AirPlay Receiver holds the port."""
    if case.port not in _AIRPLAY_PORTS or isinstance(case.facts.sockets, Unknown):
        return []
    ours = case.listeners
    held = [one for one in ours if any(_is_airplay(owner.name) for owner in case.owners(one))]
    if not held:
        held = [one for one in ours if one.pids and _lsof_says_airplay(case, one.pids)]
    if not held:
        hidden = ours and not any(case.owners(one) for one in ours)
        return [_hidden_owner(case)] if hidden else []
    mine = [one for one in ours if one not in held]
    beside = f", beside {describe_owner(case, mine[0])}" if mine else ""
    return [
        Finding(
            code="port-taken",
            outcome=Outcome.BLOCKS,
            symptom=Symptom.ANSWERED,
            title=f"AirPlay Receiver of macOS holds port {case.port}{beside}: other devices reach it, not your server",
            detail="It answers every request with 403 Forbidden and the header Server: AirTunes.",
            evidence=tuple(owner_evidence(case, one) for one in (*held, *mine)),
            fixes=(
                Fix(
                    "Switch AirPlay Receiver off, or use another port",
                    needs="user-action",
                    steps=(
                        "In System Settings > General > AirDrop & Handoff, switch AirPlay Receiver off.",
                        f"Or start the server on another port, for example {case.port + 1}.",
                    ),
                ),
            ),
        )
    ]


def _hidden_owner(case: Case) -> Finding:
    return Finding(
        code="port-taken",
        outcome=Outcome.UNKNOWN,
        title=f"Whether your server holds port {case.port}: on a Mac that is often AirPlay Receiver",
        detail="An answer of 403 Forbidden with the header Server: AirTunes would be its sign.",
        fixes=(Fix("See who holds it", (f"lsof -nP -iTCP:{case.port} -sTCP:LISTEN",), needs="root"),),
    )


def _is_airplay(name: str) -> bool:
    return name.replace(" ", "").startswith("ControlCe")


def _lsof_says_airplay(case: Case, pids: tuple[int, ...]) -> bool:
    reading = case.readings.get(bsd_sources.MAC_LSOF.name)
    if reading is None:
        return False
    return any(_is_airplay(line.split()[0]) and line.split()[1] in map(str, pids)
               for line in reading.text.splitlines() if len(line.split()) > 2)  # fmt: skip
