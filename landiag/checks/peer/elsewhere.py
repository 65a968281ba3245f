"""A silent client of another network: is there a way to it, as far as this machine can tell?"""

from __future__ import annotations

from landiag.checks.case import Case
from landiag.checks.peer.asks import ping_of
from landiag.model.facts import IPAddress
from landiag.model.report import Evidence, Finding, Fix, Outcome
from landiag.model.terms import Symptom


def judge_elsewhere(case: Case, ip: IPAddress) -> Finding:
    """Judge a silent client of another network: a router that says there is no way is proof, silence is none."""
    ping = ping_of(case, ip)
    refusals = [error for error in ping.errors if error.word in _NO_WAY] if ping else []
    detail = "Whether a router leads from there to here cannot be seen from this machine."
    if not refusals:
        title = f"The device at {ip} is in another network and does not answer"
        return Finding("peer-in-other-network", Outcome.UNKNOWN, title, detail)
    title = f"The client {ip} is in another network, to which {refusals[0].sender} knows no way"
    said = f"ICMP {refusals[0].type}/{refusals[0].code}"
    step = "Join both devices to the same network, or give the router between them a route."
    return Finding(
        code="peer-in-other-network",
        outcome=Outcome.BLOCKS,
        title=title,
        detail="It sees 'no route to host' where its packets find no way here, and times out where they do.",
        evidence=(Evidence("ping", f"{refusals[0].sender}: network unreachable ({said})"),),
        fixes=(Fix("Bring the client into this network", needs="user-action", steps=(step,)),),
        symptom=Symptom.UNKNOWN,
    )


_NO_WAY = ("net-unreach", "net-unknown", "no-route", "reject-route")
"""What a router says that has no route."""
