"""A server that serves this machine's own address and turns others away keeps a list: do other devices stand in it?

This machine has few addresses to ask from: beside that of the network only loopback's, which no client has. What the
list says stands in the server's own files.
"""

from __future__ import annotations

from ipaddress import ip_network

from landiag.checks.application.exchange import attempt_of, own_exchange, where_to_ask
from landiag.checks.application.silence import CLOSED, asked_socket
from landiag.checks.application.turned_away import own_alone_attempt
from landiag.checks.case import Case
from landiag.checks.destination import destination_of
from landiag.checks.evidence import of_exchange
from landiag.checks.fixes.restart import server_of
from landiag.collect.exchanges.http import Attempt, Exchange, parse_exchange
from landiag.collect.exchanges.tcp import TcpOutcome
from landiag.collect.machine import Named, parse_named_networks
from landiag.journey.ways import loopback_of
from landiag.model.facts import Call, IPNetwork
from landiag.model.report import Evidence, Finding, Fix, Outcome
from landiag.model.terms import Symptom

_FORBIDDEN = 403


def plan(case: Case) -> tuple[Call, ...]:
    """Ask from loopback what this machine's own address was served, then what the server's files say."""
    asked = _from_loopback(case)
    if asked is None:
        return ()
    files = _files(case) if _refused(case) is not None else None
    return (asked,) if files is None else (asked, files)


def _from_loopback(case: Case) -> Call | None:
    """Name the clients' exchange with loopback's address as the sender; None where no own socket was asked."""
    if case.way is None or case.way.front is not None or asked_socket(case) is None:
        return None
    is_own = (
        not destination_of(case, case.way).is_elsewhere and where_to_ask(case, case.way)[0] == case.way.ip
    )
    return own_exchange(case, case.way, case.way.ip, loopback_of(case.way)) if is_own else None


def _refused(case: Case) -> tuple[Exchange, Attempt] | None:
    """The exchange from loopback, where the server turned that away and served the same from the network's address."""
    asked, served = _from_loopback(case), attempt_of(case)
    told = None if asked is None else case.parse(asked, parse_exchange)
    if (
        served is None
        or served.answer is None
        or served.answer.status >= 400
        or not isinstance(told, Exchange)
    ):
        return None
    one = told.best
    is_hung_up = one.connect.outcome is TcpOutcome.CONNECTED and not one.first.data and one.end in CLOSED
    is_refused = is_hung_up if one.answer is None else one.answer.status == _FORBIDDEN
    return (told, one) if is_refused else None


def _files(case: Case) -> Call | None:
    """Name the look into the files of the server that was asked; None where it is none that landiag knows."""
    socket = asked_socket(case)
    found = None if socket is None else server_of(case, socket)
    if found is None:
        return None
    server, process = found
    return Call("named-networks", (("pid", str(process.pid)), ("answers", server.kind.key)), seconds=2.0)


def _named(case: Case) -> Named | None:
    files = _files(case)
    told = None if files is None else case.parse(files, parse_named_networks)
    return told if isinstance(told, Named) else None


def _clients(case: Case) -> IPNetwork:
    assert case.way is not None
    return case.way.network if case.peer is None else ip_network(case.peer)


def _lets_in(case: Case) -> bool | None:
    """Whether the clients stand in the list; None where that is not known.

    A list that is read is believed where it explains what was seen: this machine's own address stands in it.
    """
    named, clients = _named(case), _clients(case)
    if named is None or case.way is None:
        return None
    networks = [one for one in named.networks if one.version == clients.version]
    if any(clients.network_address in one and clients.broadcast_address in one for one in networks):
        return True
    own = [one for one in networks if case.way.ip in one]
    is_known = named.is_list and bool(own)
    others = [one for one in networks if one.overlaps(clients) and one != ip_network(case.way.ip)]
    return False if is_known and not others else None


def check(case: Case) -> list[Finding]:
    """Say what a list of addresses means for other devices."""
    refused = _refused(case)
    if refused is None or case.way is None:
        return []
    exchange, attempt = refused
    status = "hangs up on" if attempt.answer is None else f"answers {attempt.answer.status} to"
    evidence = (*of_exchange(exchange, attempt), Evidence("sender", str(loopback_of(case.way))))
    lets_in, clients = _lets_in(case), _clients(case)
    if lets_in:
        title = f"The server keeps a list of the addresses that it serves; {clients} stands in it"
        return [Finding("client-rejected", Outcome.WARNS, title, evidence=evidence)]
    step = f"Add {case.peer or clients} to the addresses that the server allows."
    fix = Fix("Let the server answer the clients' network", needs="user-action", steps=(step,))
    if lets_in is None:
        told = f"it serves {case.way.ip} and {status} {loopback_of(case.way)}"
        title = f"Whether the server lets other devices in: {told}"
        detail = "So it keeps a list of addresses, and whether other devices stand in it is not known."
        return [Finding("client-rejected", Outcome.UNKNOWN, title, detail, evidence, (fix,))]
    title = (
        f"The server {status} other devices: of this network its list has this machine's own address alone"
    )
    detail = "The connection opens; the server looks at the sender's address and turns it away."
    symptom = Symptom.RESET if attempt.answer is None else Symptom.ANSWERED
    return [Finding("client-rejected", Outcome.BLOCKS, title, detail, evidence, (fix,), symptom=symptom)]


def client_attempt(case: Case) -> Attempt | None:
    """What came of the way of the verdict as other devices are answered: seldom another answer than our own."""
    refused = _refused(case)
    if refused is not None and _lets_in(case) is False:
        return refused[1]
    return own_alone_attempt(case)
