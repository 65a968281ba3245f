"""An answer that sends the browser on: do other devices get further there?

Another port of this machine has rules, sockets and a server of its own: the same client is followed to it, and the
server there is asked. An address inside this machine (a container's, a virtual machine's) is nobody's on other devices.
A name is looked up here: what this machine cannot find in any list or name server, other devices do not find either.
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address

from msgspec import Struct
from msgspec.structs import replace

from landiag.checks.application.exchange import (
    client_exchange,
    exchange_with,
    may_answer,
    own_stop,
    where_to_ask,
)
from landiag.checks.case import Case
from landiag.checks.evidence import of_exchange
from landiag.collect.exchanges.http import Attempt, Exchange, parse_exchange
from landiag.collect.exchanges.redirect import RedirectTarget, next_path, redirect_target
from landiag.collect.exchanges.resolve import Resolution, parse_resolution
from landiag.collect.exchanges.tcp import TcpOutcome
from landiag.collect.names import resolve
from landiag.journey.classes import follow_ways
from landiag.journey.ownership import owner_of
from landiag.journey.ways import Way, is_container_side
from landiag.model.facts import Call, Interface, IPAddress, Unknown
from landiag.model.report import Evidence, Finding, Fix, Outcome
from landiag.model.terms import Symptom

THERE = {
    Symptom.REFUSED: "where they are refused",
    Symptom.TIMEOUT: "from where nothing comes back",
    Symptom.UNREACHABLE: "where they can't get to",
    Symptom.RESET: "where connections are reset",
    Symptom.SILENT: "where nobody answers them",
    Symptom.STALLED: "where no answer comes to its end",
}
"""How a client gets on that is sent where it does not get through."""


class Place(Struct, frozen=True):
    """Where the browser is sent on this machine: the same question, asked of the other port."""

    target: RedirectTarget
    case: Case
    way: Way

    @property
    def asked(self) -> Call | None:
        """The request that the browser then makes; None where nothing could answer it."""
        return client_exchange(self.case, self.way) if may_answer(self.case, self.way) else None

    @property
    def symptom(self) -> Symptom:
        """How far the client gets there, before the server has its say."""
        classes = self.case.classes.get(self.way.id, ())
        return classes[0].journey.sight.symptom if classes else Symptom.UNKNOWN


def plan(case: Case, exchange: Exchange | Unknown | None) -> tuple[Call, ...]:
    """Ask where the answer sends the browser, if that is another port of this machine."""
    if not isinstance(exchange, Exchange):
        return ()
    target, onward = _target(exchange, exchange.best), _onward(case, exchange)
    if onward is not None:
        return (onward,)
    if target is not None and target.is_name:
        return (resolve(target.host, ""),)
    place = None if target is None else place_of(case, target)
    asked = _beside(case, target) if place is None else place.asked
    return () if asked is None else (asked,)


def check(case: Case, exchange: Exchange, attempt: Attempt) -> Iterator[Finding]:
    """Name a place that other devices do not get to."""
    onward = _onward(case, exchange)
    told = None if onward is None else case.parse(onward, parse_exchange)
    if isinstance(told, Exchange):
        yield from _sent_further(case, told, of_exchange(exchange, attempt))
    target = _target(exchange, attempt)
    if target is None:
        return
    evidence = (*of_exchange(exchange, attempt), Evidence("Location", target.url))
    why = why_nowhere(case, target)
    place = place_of(case, target) if why is None else None
    if why is not None:
        yield _blocks(f"The server sends other devices to {target.url}, {why}", evidence)
    elif place is None:
        yield from _judge_beside(case, target, evidence)
    else:
        yield from _judge(place, evidence)


def _target(exchange: Exchange, attempt: Attempt) -> RedirectTarget | None:
    return redirect_target(attempt, exchange.host, exchange.path)


def _onward(case: Case, exchange: Exchange) -> Call | None:
    """The request that a browser makes next, where the answer sends it on within the same server."""
    path = next_path(exchange.best, exchange.host, exchange.path)
    if path is None or case.way is None:
        return None
    ip, port = where_to_ask(case, case.way)
    return exchange_with(case, ip, port, exchange.host, path)


def _beside(case: Case, target: RedirectTarget | None) -> Call | None:
    """A connection to another device of the clients' own network; None where the place is no such device.

    Nothing is asked of it: which request would be made there is the server's word, and this is a foreign machine.
    """
    ip = None if target is None or target.address is None else ip_address(target.address)
    if case.way is None or target is None or ip is None or target.same_host:
        return None
    if ip not in case.way.network or owner_of(case.facts, ip) is not None:
        return None
    only = replace(case, target=replace(case.target, scheme="tcp"))
    return exchange_with(only, ip, target.port, target.host_header, "/")


def _judge_beside(case: Case, target: RedirectTarget, evidence: tuple[Evidence, ...]) -> Iterator[Finding]:
    """The place is no address of this machine: whether anybody answers there is known of the clients' network."""
    asked = _beside(case, target)
    told = None if asked is None else case.parse(asked, parse_exchange)
    if is_of_another_network(case, target):
        title = f"Whether other devices get to {target.url}, where the server sends browsers"
        yield _found(Outcome.UNKNOWN, title, evidence, _NAMED, detail=OF_ANOTHER_NETWORK)
    elif not isinstance(told, Exchange):
        title = f"The server sends browsers on to {target.url}"
        yield _found(Outcome.WARNS, title, evidence, detail="Whether other devices get there was not tried.")
    elif told.best.connect.outcome in _NOBODY:
        title = f"The server sends other devices on to {target.url}, where nothing answers"
        yield _blocks(title, (*evidence, *of_exchange(told, told.best)))
    elif told.best.connect.outcome is not TcpOutcome.CONNECTED:
        title = f"The server sends browsers on to {target.url}, which did not answer this machine"
        yield _found(Outcome.WARNS, title, (*evidence, *of_exchange(told, told.best)))


_NOBODY = (TcpOutcome.REFUSED, TcpOutcome.REJECTED, TcpOutcome.UNREACHABLE)
"""What tells that nobody serves there: no port, or nobody with the address."""


def _judge(place: Place, evidence: tuple[Evidence, ...]) -> Iterator[Finding]:
    url, port = place.target.url, place.target.port
    if place.symptom in THERE:
        title = f"The server sends other devices on to {url}, {THERE[place.symptom]}"
        yield _blocks(title, evidence, _look_there(place.case, port))
    elif place.symptom is Symptom.VARIES:
        title = f"The server sends browsers on to {url}, where not every connection succeeds"
        yield _found(Outcome.WARNS, title, evidence, _look_there(place.case, port))
    elif place.symptom is Symptom.UNKNOWN:
        title = f"Whether other devices get to {url}, where the server sends browsers"
        yield _found(Outcome.UNKNOWN, title, evidence, _look_there(place.case, port))
    else:
        yield from _judge_server(place, evidence)


def _judge_server(place: Place, evidence: tuple[Evidence, ...]) -> Iterator[Finding]:
    """The client gets to a server there: does that one speak what the browser is told to speak?"""
    asked = place.asked
    told = None if asked is None else place.case.parse(asked, parse_exchange)
    if told is None:
        return
    if isinstance(told, Exchange) and told.is_answered_in(place.target.scheme):
        yield from _sent_further(place.case, told, evidence)
        return
    url = place.target.url
    if isinstance(told, Unknown) or own_stop(place.case) is not None:
        title = f"Whether {url} answers, where the server sends browsers"
        yield _found(Outcome.UNKNOWN, title, evidence)
        return
    is_open = told.best.connect.outcome is TcpOutcome.CONNECTED
    why = f"where nobody speaks {place.target.scheme}" if is_open else "where nothing answers"
    title = f"The server sends other devices on to {url}, {why}"
    yield _blocks(title, (*evidence, *of_exchange(told, told.best)))


def _sent_further(case: Case, exchange: Exchange, evidence: tuple[Evidence, ...]) -> Iterator[Finding]:
    """The page there sends the browser on once more, to what is another place on each device."""
    target = _target(exchange, exchange.best)
    if target is None:
        return
    why = why_nowhere(case, target)
    if why is not None:
        title = f"The server sends other devices by {exchange.path} to {target.url}, {why}"
        yield _blocks(title, (*evidence, Evidence("Location", target.url)))


def _blocks(title: str, evidence: tuple[Evidence, ...], *fixes: Fix) -> Finding:
    return _found(Outcome.BLOCKS, title, evidence, *fixes, _NAMED)


_NAMED = Fix(
    "Let the server name itself as other devices do",
    needs="user-action",
    steps=(
        "Look for a setting with its own address or scheme (SERVER_NAME, BASE_URL, SITE_URL, force https).",
    ),
)


def _found(
    outcome: Outcome, title: str, evidence: tuple[Evidence, ...], *fixes: Fix, detail: str = ""
) -> Finding:
    return Finding("redirects-elsewhere", outcome, title, detail, evidence, fixes)


def _look_there(case: Case, port: int) -> Fix:
    line = f"{case.machine.called} check --port {port}"
    return Fix("See what stops them there", (line,), needs="user-action")


def place_of(case: Case, target: RedirectTarget) -> Place | None:
    """The same client's question for the other port; None where that is not known to be this machine's."""
    way = _way(case, target)
    if way is None or way.front is not None or way.landing is not None:
        return None
    question = replace(case.target, port=target.port, scheme=target.scheme)
    other = replace(
        case,
        target=question,
        ways=(way,),
        classes=follow_ways(case.facts, (way,), question, case.peer),
        host_header=target.host_header,
        target_path=target.path,
    )
    return Place(target, other, way)


def _way(case: Case, target: RedirectTarget) -> Way | None:
    if target.same_host:
        return case.way
    asked = None if target.address is None else ip_address(target.address)
    return None if asked is None else next((way for way in case.ways if way.client_ip == asked), None)


def why_nowhere(case: Case, target: RedirectTarget) -> str | None:
    """Why what the server names is no place for other devices, as a sentence ends; None where it may be one."""
    inside = _inside(case, target)
    if target.is_local:
        return "which for each of them is the device itself"
    if _is_nowhere(case, target):
        return "and nobody knows that name"
    return None if inside is None else f"an address inside this machine ({inside.name})"


def _is_nowhere(case: Case, target: RedirectTarget) -> bool:
    """Whether the name is in no list and no name server that this machine knows."""
    if not target.is_name:
        return False
    told = case.parse(resolve(target.host, ""), parse_resolution)
    return isinstance(told, Resolution) and told.is_unknown


def _inside(case: Case, target: RedirectTarget) -> Interface | None:
    """The interface for containers or virtual machines that has the address in its network; None where none has."""
    ip = None if target.address is None else ip_address(target.address)
    if ip is None or target.same_host or isinstance(case.facts.interfaces, Unknown):
        return None
    return next((one for one in case.facts.interfaces if is_container_side(one) and _holds(one, ip)), None)


OF_ANOTHER_NETWORK = "It is an address of another network than theirs: they need a way into that one."


def is_of_another_network(case: Case, target: RedirectTarget) -> bool:
    """Whether it is a private address outside of the clients' network: an old one, or one that they are routed to."""
    ip = None if target.address is None or target.same_host else ip_address(target.address)
    if ip is None or case.way is None or owner_of(case.facts, ip) is not None:
        return False
    return ip.is_private and ip not in case.way.network


def _holds(interface: Interface, ip: IPAddress) -> bool:
    return any(ip in address.network for address in interface.addresses)
