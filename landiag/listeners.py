"""Every listener of a machine, and whether LAN clients reach it: the answer for people who do not know their port."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address

from msgspec.structs import replace

from landiag.checks.addresses.guest import check_guest
from landiag.checks.case import Case
from landiag.checks.firewall import check as firewall
from landiag.checks.fixes.restart import server_of
from landiag.checks.listening import check as listening
from landiag.checks.listening.owners import describe_owner
from landiag.checks.routes import check as way_back
from landiag.checks.systems import front_addresses, plan, port_findings
from landiag.firewall.engine.nat import address_of
from landiag.firewall.engine.ranges import normal
from landiag.firewall.engine.uncollected import uncollected
from landiag.gather import gather, open_case
from landiag.host import Recorder
from landiag.journey.alike import Alike
from landiag.journey.binding import describe_address
from landiag.journey.ways import list_ways
from landiag.model.causes import rank
from landiag.model.causes.listening import BOUND_TO_LOOPBACK, PORT_NOT_FORWARDED
from landiag.model.causes.network import NO_LAN_ADDRESS
from landiag.model.facts import Socket, Unknown
from landiag.model.listener import Listener
from landiag.model.report import AddressSpan, Finding, Outcome, Target
from landiag.question import Question

_CHECKS = (listening.check, firewall.check, way_back.check)


def list_listeners(recorder: Recorder, deadline: float) -> tuple[Listener, ...] | Unknown:
    """List the sockets of this machine by port, each with what LAN clients meet on the way to it."""
    with uncollected():
        return _list_listeners(recorder, deadline)


def _list_listeners(recorder: Recorder, deadline: float) -> tuple[Listener, ...] | Unknown:
    machine, facts = gather(recorder, deadline)
    if isinstance(facts.sockets, Unknown):
        return facts.sockets
    by_port: dict[int, list[Socket]] = {}
    for socket in facts.sockets:
        by_port.setdefault(socket.port, []).append(socket)
    found, alike, ways = [], Alike(), list_ways(facts)
    for port, sockets in sorted(by_port.items()):
        # What becomes of a port depends on its own sockets alone.
        alone = replace(facts, sockets=tuple(sockets))
        case = open_case(Question(Target(port=port)), recorder, machine, alone, alike.follow, ways)
        case = replace(case, wants_fixes=False)
        recorder.read_all(plan(case), deadline)  # whether anybody answers where Windows passes the port on
        found += [_describe(case, socket) for socket in sockets]
    return tuple(found)


def _describe(case: Case, socket: Socket) -> Listener:
    loopback = ("no", BOUND_TO_LOOPBACK.code, "only this machine itself")
    is_inner = socket.address.is_loopback and not _leads_to(case, socket)
    reached, cause, why = loopback if is_inner else _judge(case)
    url = _where(case, socket) if reached != "no" else None
    return Listener(
        case.port,
        describe_address(socket),
        describe_owner(case, socket),
        socket.pids,
        reached,
        cause,
        why,
        url,
        *_clients(case, socket),
    )


def _clients(case: Case, socket: Socket) -> tuple[tuple[AddressSpan, ...], tuple[AddressSpan, ...]]:
    """Which addresses of the subnet get an answer from the servers on this port, and which do not.

    Where another machine stands in front, its clients are not those of this subnet.
    """
    if case.way is None or socket.address.is_loopback or case.way.front is not None:
        return (), ()
    classes = case.classes.get(case.way.id, ())
    clients, others = (
        _joined([span for one in classes if one.fares_well is well for span in one.spans])
        for well in (True, False)
    )
    return clients, others


def _joined(spans: Sequence[AddressSpan]) -> tuple[AddressSpan, ...]:
    """Spans in order, those that touch as one."""
    pairs = [(ip_address(span.first), ip_address(span.last)) for span in spans]
    top = (1 << max((first.max_prefixlen for first, _ in pairs), default=32)) - 1
    ranges = normal([(int(first), int(last)) for first, last in pairs], top)
    version = pairs[0][0].version if pairs else 4
    return tuple(
        AddressSpan(str(address_of(low, version)), str(address_of(high, version))) for low, high in ranges
    )


def _where(case: Case, socket: Socket) -> str | None:
    """Say what clients use: a URL for a web server, else address and port."""
    if case.way is None:
        return None
    found = server_of(case, socket)
    scheme = found[0].speaks(case.port) if found is not None else ""
    return case.way.place(case.port, scheme)


def _leads_to(case: Case, socket: Socket) -> bool:
    """Whether the machine in front passes connections on to this very address of loopback."""
    landing = None if case.way is None else case.way.landing
    return landing is not None and landing.ip == socket.address and landing.port == socket.port


def _passed_on(case: Case) -> list[Finding]:
    """What the machine in front does not pass on: Windows around WSL2, the host of a virtual machine."""
    known = [*port_findings(case, None), *front_addresses(case)]
    known += [] if case.way is None else check_guest(case, case.way)
    return [one for one in known if one.code in (PORT_NOT_FORWARDED.code, NO_LAN_ADDRESS.code)]


def _judge(case: Case) -> tuple[str, str | None, str]:
    findings: list[Finding] = [finding for check in _CHECKS for finding in check(case).findings]
    findings += _passed_on(case)
    for outcome, reached in ((Outcome.BLOCKS, "no"), (Outcome.UNKNOWN, "unknown")):
        matching = sorted(
            (f for f in findings if f.outcome is outcome), key=lambda finding: rank(finding.code)
        )
        if matching:
            return reached, matching[0].code, matching[0].title
    if isinstance(case.facts.interfaces, Unknown):
        return "unknown", NO_LAN_ADDRESS.code, "this machine's addresses could not be read"
    if case.way is None:
        return "no", NO_LAN_ADDRESS.code, "this machine has no LAN address"
    return "yes", None, ""
