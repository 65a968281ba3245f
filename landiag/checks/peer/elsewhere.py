"""A client of another network than the address that it uses: is there a way, as far as this machine can tell?"""

from __future__ import annotations

from landiag.checks.case import Case
from landiag.checks.peer.asks import ping_from_source, ping_of, router_to
from landiag.collect.exchanges.icmp import Ping, parse_ping
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


def judge_other_address(case: Case, ip: IPAddress) -> list[Finding]:
    """Judge a client that answers, where it has no network in common with the address that it is to use.

    What it answers to that address takes the way that its own connections would take.
    """
    asked, ping = ping_from_source(case), ping_of(case, ip)
    if asked is None or case.way is None:
        return []
    told = case.parse(asked, parse_ping)
    if isinstance(told, Ping) and told.received:
        return []
    is_compared = isinstance(told, Ping) and told.sent > 0 and ping is not None and bool(ping.received)
    if not is_compared and router_to(case, ip) is not None:
        return []  # behind a router, as its other addresses are
    to, network = case.way.ip, case.way.address.network
    fix = Fix(
        "Use an address of its own network, or give its router a route",
        needs="user-action",
        steps=(f"It gets to {to} only where its router, or itself, has a route to {network}.",),
    )
    if not is_compared:
        title = f"{to} is in another network than the device at {ip}, which needs a route there"
        return [Finding("peer-in-other-network", Outcome.WARNS, title, fixes=(fix,))]
    title = f"Whether the device at {ip} finds {to}: it answers this machine's pings, but none that come from there"
    evidence = (Evidence("ping", f"from {to}: no answer"),)
    return [
        Finding(
            "peer-in-other-network", Outcome.UNKNOWN, title, "", evidence, (fix,), symptom=Symptom.UNKNOWN
        )
    ]
