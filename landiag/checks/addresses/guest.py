"""A virtual machine (or a rootless container) behind its host's own NAT: what that passes on can't be seen inside."""

from __future__ import annotations

from landiag.checks import words
from landiag.checks.case import Case
from landiag.journey.guest import nat_of_host
from landiag.journey.ways import Way
from landiag.model.report import Evidence, Finding, Fix, Outcome


def check_guest(case: Case, way: Way) -> list[Finding]:
    """Say that the host decides who gets in; empty where it does not stand in front."""
    nat = nat_of_host(case.facts, way)
    if nat is None:
        return []
    port, kind = case.port, "container" if case.machine.info.environment == "container" else "virtual machine"
    steps = (
        f"In the settings of the {kind} (on its host), forward port {port} of all the host's addresses to "
        f"port {port} here; or give its network card a bridge to the network.",
        f"Where that is done already, open the host's address on the other device: http://HOST:{port}/",
    )
    return [
        Finding(
            code="port-not-forwarded",
            outcome=Outcome.UNKNOWN,
            title=f"Whether other devices reach this {kind}: it's behind the NAT of its host",
            detail=f"No other device reaches {way.ip}: they come by the host, and what it forwards can't be seen here.",
            evidence=(Evidence(words.neighbours(case), f"{nat.address} lladdr {nat.mac or 'not known'}"),),
            fixes=(Fix("Forward the port on the host", needs="user-action", steps=steps),),
            paths=(way.id,),
        )
    ]
