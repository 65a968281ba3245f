"""A server that tells its clients where to connect next: can other devices get there?

Kafka's clients go on to the brokers that are advertised, MongoDB's to the members of the replica set, those of a Redis
cluster to its nodes. A browser that is sent on by a web server fares the same (sent_on.py).
"""

from __future__ import annotations

from collections.abc import Iterator

from landiag.checks.application.exchange import attempt_of, host_header, where_to_ask
from landiag.checks.application.sent_on import (
    OF_ANOTHER_NETWORK,
    THERE,
    is_of_another_network,
    place_of,
    why_nowhere,
)
from landiag.checks.application.silence import known_protocol
from landiag.checks.case import Case
from landiag.collect.exchanges.advertised import REQUESTS, Advertised, parse_advertised
from landiag.collect.exchanges.redirect import RedirectTarget, target_of
from landiag.collect.exchanges.tcp import TcpOutcome
from landiag.collect.names import resolve
from landiag.collect.ports import service_name
from landiag.model.facts import Call
from landiag.model.report import Evidence, Finding, Fix, Outcome
from landiag.model.urls import bracketed

_SETTINGS = {
    "kafka": "In server.properties set advertised.listeners to an address of this machine that clients know "
    "(KAFKA_ADVERTISED_LISTENERS in a container), then restart Kafka.",
    "mongodb": "Give the members of the replica set this machine's address: rs.reconfig() with members[n].host; or let "
    "clients add directConnection=true.",
    "redis": "Set cluster-announce-ip to an address of this machine that clients know, then restart Redis.",
}
_TITLES = {"kafka": "Kafka", "mongodb": "MongoDB's replica set", "redis": "The Redis cluster"}


def plan(case: Case) -> tuple[Call, ...]:
    """Ask a server of such a protocol what it tells its clients, then look up the names that it told."""
    asked = _asked(case)
    if asked is None:
        return ()
    return (asked, *(resolve(one.host, "") for one in _targets(case) if one.is_name))


def _asked(case: Case) -> Call | None:
    """Name the question; None where another protocol is spoken, or nothing was connected to."""
    attempt, protocol = attempt_of(case), known_protocol(case)
    if attempt is None or case.way is None or attempt.connect.outcome is not TcpOutcome.CONNECTED:
        return None
    if protocol is None and attempt.answer is None:  # the owner is hidden, or an engine that holds the port
        protocol = service_name(case.port)
    if protocol is None or protocol not in REQUESTS:
        return None
    ip, port = where_to_ask(case, case.way)
    params = (("address", str(ip)), ("port", str(port)), ("protocol", protocol))
    return Call("advertised", params, seconds=1.5)


def spoken(case: Case) -> str | None:
    """The protocol in which the server has answered; None where it was not asked, or said nothing of the kind."""
    told = _told(case)
    return told.protocol if told is not None and told.places is not None else None


def _told(case: Case) -> Advertised | None:
    asked = _asked(case)
    told = None if asked is None else case.parse(asked, parse_advertised)
    return told if isinstance(told, Advertised) else None


def _targets(case: Case) -> list[RedirectTarget]:
    """The places that were told and are others than clients have connected to, as a browser's would be."""
    told = _told(case)
    if told is None or case.way is None:
        return []
    here = f"http://{host_header(case, case.way)}/"
    urls = dict.fromkeys(f"http://{bracketed(one.host)}:{one.port}/" for one in told.places or ())
    return [target for url in urls if (target := target_of(url, here)) is not None]


def check(case: Case) -> Iterator[Finding]:
    """Name the first place that other devices don't get to, else the first of which nobody knows."""
    protocol = spoken(case)
    if protocol is None:
        return
    targets = _targets(case)
    faults = ((target, fault) for target in targets if (fault := _fault(case, target)) is not None)
    target, fault = next(faults, (None, ""))
    if target is not None:
        # A client that asks a single node of Redis need not be one of the cluster's.
        outcome = Outcome.WARNS if protocol == "redis" else Outcome.BLOCKS
        title = f"{_TITLES[protocol]} tells other devices to connect to {_named(target)}, {fault}"
        yield _found(
            protocol, outcome, title, target, "They reach this port, are told that address, and fail there."
        )
        return
    unsure = next((one for one in targets if is_of_another_network(case, one)), None)
    if unsure is not None and protocol != "redis":
        title = (
            f"Whether other devices get to {_named(unsure)}, where {_TITLES[protocol]} tells them to connect"
        )
        yield _found(protocol, Outcome.UNKNOWN, title, unsure, OF_ANOTHER_NETWORK)


def _named(target: RedirectTarget) -> str:
    return target.url.removeprefix("http://").rstrip("/")


def _found(protocol: str, outcome: Outcome, title: str, target: RedirectTarget, detail: str) -> Finding:
    steps = (_SETTINGS[protocol],)
    fix = Fix("Let it name an address that clients can reach", needs="user-action", steps=steps)
    said = Evidence(protocol, f"told: {_named(target)}")
    return Finding("redirects-elsewhere", outcome, title, detail, (said,), (fix,))


def _fault(case: Case, target: RedirectTarget) -> str | None:
    """Why other devices don't get there; None where nothing is known against it."""
    why = why_nowhere(case, target)
    place = place_of(case, target) if why is None else None
    return why if place is None else THERE.get(place.symptom)
