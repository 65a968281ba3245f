"""The exchanges with the server: what is asked, where, and what came back; shared by the checks that read it."""

from __future__ import annotations

from ipaddress import ip_address

from msgspec import Struct
from msgspec.structs import replace

from landiag.checks.case import Case
from landiag.checks.destination import Destination, destination_of, destinations_of
from landiag.collect.exchanges.http import Attempt, Exchange, parse_exchange
from landiag.collect.sockets import LISTENERS
from landiag.journey.binding import bind_among
from landiag.journey.own import Departure, follow_own, leave
from landiag.journey.ownership import owner_of
from landiag.journey.ways import Way
from landiag.model.facts import Call, Command, IPAddress, ReadStatus, Unknown
from landiag.model.ruleset import Chain, Verdict
from landiag.model.urls import bracketed

WAIT = 3.5
"""Seconds that a server has for its answer; a page that takes longer is called silent. The kernel needs 3 to
find that nobody has a translated address."""

OWN_CONNECT = 1.3
"""Seconds for a connection to this machine itself, where no rule sends it elsewhere: nothing is lost on the way,
and a SYN is repeated after one."""


def client_exchange(case: Case, way: Way) -> Call:
    """Name the exchange for one way in: to where its connections go, with the Host that its clients send."""
    ip, port = where_to_ask(case, way)
    call = exchange_with(case, ip, port, host_header(case, way), case.target_path)
    is_certain = not destination_of(case, way).is_elsewhere and not has_gaps(case)
    return replace(call, patience=(("connect", str(OWN_CONNECT)),)) if is_certain else call


def exchange_with(case: Case, ip: IPAddress, port: int, host: str, path: str) -> Call:
    """Name the exchange with one address, under this Host; in the VRF of the way's interface, where it is in one."""
    params = (
        ("address", str(ip)),
        ("port", str(port)),
        ("scheme", case.target.scheme),
        ("host", host),
        ("path", path),
    )
    vrf = None if case.way is None else case.way.interface.vrf
    inside = () if vrf is None or ip.is_loopback else (("interface", vrf),)
    return Call("http", (*params, *inside), seconds=WAIT)


def local_exchange(case: Case, way: Way) -> Call:
    """Name the same exchange with ``localhost`` as the Host: what a refusal is compared with."""
    ip, port = where_to_ask(case, way)
    return exchange_with(case, ip, port, f"localhost:{case.port}", case.target_path)


def asked_before(case: Case) -> Call | None:
    """Name the exchange of recordings that asked with this machine's own address as the Host, not with Windows'.

    None where the exchange itself was made, or no machine stands in front of this one.
    """
    way = case.way
    if way is None or way.front is None:
        return None
    reading = case.readings.get(client_exchange(case, way).name)
    if reading is None or reading.status is not ReadStatus.NOT_RECORDED:
        return None
    ip, port = where_to_ask(case, way)
    return exchange_with(case, ip, port, f"{way.ip}:{case.port}", case.target_path)


def again_exchange(case: Case, way: Way, number: int) -> Call:
    """Name the exchange of a way once more: another connection, which another server may take."""
    call = client_exchange(case, way)
    return replace(call, params=(*call.params, ("again", str(number))))


def shared_exchanges(case: Case, way: Way) -> tuple[tuple[Destination, Call], ...]:
    """Name an exchange for each place among which connections are shared out; empty where there is only one."""
    destinations = destinations_of(case, way)
    if len(destinations) < 2:
        return ()
    host = host_header(case, way)
    return tuple(
        (one, exchange_with(case, one.ip, one.port, host, case.target_path))
        for one in destinations[:MOST_SHARED]
    )


MOST_SHARED = 6
"""Among so many places connections are shared out that are asked."""


def loopback_exchanges(case: Case, way: Way) -> tuple[Call, ...]:
    """Name the same exchange from each loopback address that the server's own socket takes: the way's family first.

    A server that looks at addresses may know one of them only: what comes to ``::`` by IPv4 has the sender
    ``::ffff:127.0.0.1``, and a browser that opens ``localhost`` takes ``::1``.
    """
    destination = destination_of(case, way)
    if isinstance(case.facts.sockets, Unknown) or destination.is_elsewhere:
        return ()
    own_first = sorted((ip_address("127.0.0.1"), ip_address("::1")), key=lambda ip: ip.version != way.family)
    return tuple(
        exchange_with(case, ip, destination.port, f"localhost:{case.port}", case.target_path)
        for ip in own_first
        if bind_among(case.facts.sockets, ip, destination.port, None).serving
    )


def own_exchange(case: Case, way: Way, ip: IPAddress, source: IPAddress) -> Call:
    """Name the exchange that clients make, to an address of this machine's own, from one of its own."""
    call = exchange_with(case, ip, destination_of(case, way).port, host_header(case, way), case.target_path)
    return replace(call, params=(*call.params, ("source", str(source))))


def listeners_after() -> Command:
    """Name the listing of the sockets once more, after an exchange: who still waits to be accepted?"""
    return Command(f"{LISTENERS.name}-after", LISTENERS.argv)


class OwnStop(Struct, frozen=True):
    """What keeps this machine's own test connection from the server: a rule, or a route that leads elsewhere."""

    source: str
    text: str


def own_stop(case: Case) -> OwnStop | None:
    """What stops this machine's own test connection, and no client's; None where nothing does, or nobody can tell."""
    if case.way is None:
        return None
    ip, port = where_to_ask(case, case.way)
    start = leave(case.facts, ip, port)
    told = follow_own(case.facts, ip, port, case.machine.user_id, start)
    if not isinstance(told, Unknown) and told.verdict in (Verdict.DROP, Verdict.REJECT) and told.decided_by:
        chain, rule = told.decided_by.chain, told.decided_by.rule_text
        place = f"{chain.family} {chain.table} {chain.name}: " if chain else ""
        return OwnStop("firewall", f"{place}{rule}")
    if _is_led_astray(case, ip, start):
        return OwnStop("ip route", f"{ip} by {start.device}, from {start.source}")
    return _tied_elsewhere(case, case.way, ip, port)


def _tied_elsewhere(case: Case, way: Way, ip: IPAddress, port: int) -> OwnStop | None:
    """A socket that is tied to the interface by which clients come: own packets come by the one that has the address,
    as the kernel counts it (ip_route_output_key_hash_rcu)."""
    owner, sockets = owner_of(case.facts, ip), case.facts.sockets
    if owner is None or isinstance(sockets, Unknown):
        return None
    mine = bind_among(sockets, ip, port, owner)
    tied = [one for one in bind_among(sockets, ip, port, way.interface).serving if one in mine.others]
    if not tied or mine.serving or mine.perhaps:
        return None
    return OwnStop("ss", f"the socket is tied to {tied[0].device}, and {ip} is on {owner.name}")


def own_detour(case: Case) -> OwnStop | None:
    """The translation that sends this machine's own test to another server than clients'; None where none does."""
    if case.way is None or isinstance(case.facts.ruleset, Unknown):
        return None
    if not any(_translates_own(chain) for chain in case.facts.ruleset.chains()):
        return None
    ip, port = where_to_ask(case, case.way)
    destination = destination_of(case, case.way)
    if (ip, port) != (destination.ip, destination.port):
        return None  # what other devices cannot reach is asked as this machine itself reaches it
    told = follow_own(case.facts, ip, port, case.machine.user_id)
    headings = () if isinstance(told, Unknown) else told.arrivals
    places = {(one.packet.destination, one.packet.destination_port) for one in headings}
    rule = next((one.translated for one in headings if one.translated is not None), None)
    if rule is None or (ip, port) in places:
        return None
    return OwnStop("firewall", rule.rule_text)


def _translates_own(chain: Chain) -> bool:
    """Whether a chain may change where connections of this machine's own go."""
    return (
        chain.hook is not None
        and (chain.hook.kind, chain.hook.name) == ("nat", "output")
        and bool(chain.rules)
    )


def _is_led_astray(case: Case, ip: IPAddress, start: Departure) -> bool:
    """Whether the route of our own packets is another one than by the network that the address is in."""
    if start.is_local or start.device is None or isinstance(case.facts.interfaces, Unknown):
        return False
    near = {
        one.name
        for one in case.facts.interfaces
        if one.up and any(ip in address.network for address in one.addresses)
    }
    return bool(near) and start.device not in near


def host_header(case: Case, way: Way) -> str:
    """The Host header that clients of a way send: what was given, else the address with its port."""
    if case.host_header is not None:
        return case.host_header
    ip = way.client_ip or way.ip
    port = case.port if way.front is None or way.client_ip is None else way.front.port
    host = bracketed(ip)
    return host if port == 80 else f"{host}:{port}"


def where_to_ask(case: Case, way: Way) -> tuple[IPAddress, int]:
    """Choose where to ask: the translated address; a loopback socket when nothing else listens."""
    destination = destination_of(case, way)
    if destination.is_elsewhere or isinstance(case.facts.sockets, Unknown):
        return destination.ip, destination.port
    interface = destination.interface or way.interface
    binding = bind_among(case.facts.sockets, destination.ip, destination.port, interface)
    if binding.serving or binding.perhaps or not binding.others:
        return destination.ip, destination.port
    other = binding.others[0]
    return (destination.ip if other.address.is_unspecified else other.address), destination.port


def may_answer(case: Case, way: Way) -> bool:
    """Whether anything could answer there: a socket takes it, or another host does."""
    if isinstance(case.facts.sockets, Unknown) or has_gaps(case):
        return True
    ip, port = where_to_ask(case, way)
    destination = destination_of(case, way)
    if destination.is_elsewhere:
        return True
    return bool(bind_among(case.facts.sockets, ip, port, None).serving) and _may_be_own(case, ip)


def _may_be_own(case: Case, ip: IPAddress) -> bool:
    """Whether a socket's address may be this machine's: one that it has lost is another device's by now."""
    if ip.is_loopback or isinstance(case.facts.interfaces, Unknown):
        return True
    return owner_of(case.facts, ip) is not None


def has_gaps(case: Case) -> bool:
    """Whether rules could not be read: a translation among them may send connections where nobody sees."""
    ruleset = case.facts.ruleset
    return isinstance(ruleset, Unknown) or bool(ruleset.gaps)


def attempt_of(case: Case) -> Attempt | None:
    """Give the attempt that got furthest along the way of the verdict; None where none was made."""
    exchange = exchange_of(case)
    return exchange.best if isinstance(exchange, Exchange) else None


def exchange_of(case: Case) -> Exchange | Unknown | None:
    """Give the exchange along the way of the verdict; None where none was planned."""
    if case.way is None:
        return None
    before = asked_before(case)
    told = None if before is None else case.parse(before, parse_exchange)
    if isinstance(told, Exchange) and told.best.answer is not None and told.best.answer.status < 400:
        return told
    return case.parse(client_exchange(case, case.way), parse_exchange)


def speaks_tls(case: Case) -> bool:
    """Whether the server answered in TLS, so that clients must type https."""
    exchange = exchange_of(case)
    return isinstance(exchange, Exchange) and exchange.speaks_tls


def answerer(case: Case) -> str | None:
    """Name who answered, by headers and page, as servers.toml calls it; None when nobody did or nobody known."""
    from landiag.collect.exchanges.answerers import recognise_http

    attempt = attempt_of(case)
    if attempt is None or attempt.answer is None:
        return None
    return recognise_http(attempt.answer.headers, attempt.answer.body.data)
