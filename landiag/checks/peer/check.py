"""Can the client that fails be reached at all (``--peer``), or else the default gateway?"""

from __future__ import annotations

from landiag.checks import words
from landiag.checks.case import Answer, Case, answer, not_applicable
from landiag.checks.firewall.bypasses import may_lose
from landiag.checks.peer.asks import (
    answered,
    connect_source,
    connects_of,
    gateway_of,
    neighbour_of,
    neighbour_table,
    neighbours_after,
    ping_from_source,
    ping_of,
    ping_source,
    router_to,
    subject_of,
)
from landiag.checks.peer.elsewhere import judge_elsewhere, judge_other_address
from landiag.journey.journey import follow
from landiag.journey.queues import ARP_SIZE, Effect, pass_queues
from landiag.journey.routing import lookup
from landiag.model.facts import Call, Command, IPAddress, IPNetwork, Unknown
from landiag.model.neighbour import Neighbour
from landiag.model.packet import Packet
from landiag.model.report import Evidence, Finding, Fix, Outcome
from landiag.model.route import RouteKind
from landiag.model.ruleset import Verdict
from landiag.model.terms import StageName, Symptom

_FIXED = frozenset(("PERMANENT", "NOARP"))
_GONE = frozenset(("FAILED", "INCOMPLETE"))
_NEIGHBOUR_ADVERTISEMENT = 136  # RFC 4861, 4.4


def plan(case: Case) -> tuple[Call, ...]:
    """Ask the peer by ICMP and TCP; the gateway by ICMP only."""
    subject = subject_of(case)
    if subject is None:
        return ()
    ip, _ = subject
    if case.peer is None:
        return (ping_source(ip),)
    from_there = ping_from_source(case)
    return (ping_source(ip), connect_source(ip), *(() if from_there is None else (from_there,)))


def plan_after(case: Case) -> tuple[Command, ...]:
    """Read the neighbour table again where a device did not answer: was it there on the link at all?"""
    subject = subject_of(case)
    if subject is None or answered(case, subject[0]) is not False:
        return ()
    return (neighbours_after(case),)


def check(case: Case) -> Answer:
    """Check that the device is there. ICMP silence alone is never a fault."""
    subject = subject_of(case)
    if subject is None:
        known = "the gateway is not known" if isinstance(case.facts.routes, Unknown) else "no gateway"
        return not_applicable(f"{known}, and no --peer to ask")
    ip, what = subject
    answers = answered(case, ip)
    if answers:
        return _reached(case, ip, what)
    if answers is None:
        return (
            answer([_not_asked(ip)], "") if case.peer is not None else not_applicable(f"{what} was not asked")
        )
    neighbour, named = neighbour_of(case, ip), what.lower().removeprefix("the ")
    router = router_to(case, ip) if case.peer is not None else None
    hop = neighbour if router is None else neighbour_of(case, router)
    if case.peer is not None and hop is not None and _FIXED & set(hop.states):
        return answer([_spoken_for(case, ip, hop)], "")
    if router is not None and hop is not None and _GONE & set(hop.states) and _hears_neighbours(case, router):
        return answer([_no_router(case, ip, router, hop)], "")
    if router is None and neighbour is not None and neighbour.mac and not _GONE & set(neighbour.states):
        return answer(
            [],
            f"{named} {ip} is there ({neighbour.mac}); it answers no pings, which is common",
        )
    if case.peer is None:
        return _silent_gateway(case, ip, neighbour)
    return _absent(case, ip, neighbour)


def _silent_gateway(case: Case, ip: IPAddress, hop: Neighbour | None) -> Answer:
    """Nobody answers for it on the link: others than the neighbours get no answer. Silence alone says nothing."""
    is_here = hop is not None and case.way is not None and hop.device == case.way.interface.name
    if hop is None or not is_here or not _GONE & set(hop.states) or not _hears_neighbours(case, ip):
        return not_applicable(f"the gateway {ip} does not answer, which proves nothing")
    title = f"Nobody answers for the gateway {ip}: devices of other networks get no answer"
    evidence = (Evidence(words.neighbours(case), f"{ip}: {', '.join(hop.states)}"),)
    return answer([Finding("peer-down", Outcome.WARNS, title, evidence=evidence)], "")


def _reached(case: Case, ip: IPAddress, what: str) -> Answer:
    ping, beside = ping_of(case, ip), judge_other_address(case, ip)
    if ping is not None and ping.received:
        return answer(beside, f"{what.lower().removeprefix('the ')} {ip} answers {_in_time(min(ping.rtts))}")
    title = f"{what} {ip} answers TCP but no pings: that is common and no fault"
    return answer([Finding("peer-blocks-icmp", Outcome.WARNS, title), *beside], title)


def _in_time(seconds: float) -> str:
    """How soon, as finely as it can be told."""
    return "in under 0.1 ms" if seconds < 5e-5 else f"in {seconds * 1000:.1f} ms"


def _spoken_for(case: Case, ip: IPAddress, hop: Neighbour) -> Finding:
    """A fixed entry has a hardware address without asking for it: silence behind it may have any reason."""
    states = ", ".join(hop.states)
    return Finding(
        code="peer-down",
        outcome=Outcome.UNKNOWN,
        title=f"Whether packets find the device at {ip}: it does not answer, and a fixed entry gives its address",
        detail="A fixed neighbour entry is used without asking: a wrong one sends the answers to nobody.",
        evidence=(Evidence(words.neighbours(case), f"{hop.address}: {hop.mac} {states}"),),
        fixes=(
            Fix(
                "Compare it with the hardware address that the device shows",
                (f"ip neigh show {hop.address}",),
                needs="user-action",
            ),
        ),
        stage=StageName.REPLY_ROUTE,
        symptom=Symptom.UNKNOWN,
    )


def _no_router(case: Case, ip: IPAddress, router: IPAddress, hop: Neighbour) -> Finding:
    states = ", ".join(hop.states)
    return Finding(
        code="no-route-to-client",
        outcome=Outcome.BLOCKS,
        title=f"Answers for {ip} go to the router {router}, which is not there",
        detail="Nobody on the link answers for the router's address, so that nothing is sent.",
        evidence=(
            Evidence(words.neighbours(case), f"{router}: {states}"),
            Evidence("ip route", f"{ip} via {router}"),
        ),
        fixes=(
            Fix(
                "Remove the route, or bring the router back",
                (f"ip route get {ip}",),
                needs="user-action",
            ),
        ),
        stage=StageName.REPLY_ROUTE,
        symptom=Symptom.TIMEOUT,
    )


def _absent(case: Case, ip: IPAddress, neighbour: Neighbour | None) -> Answer:
    if _is_kept_away(case, ip):
        return answer([_kept_away(case, ip)], "")
    table = neighbour_table(case)
    if table is None or isinstance(table, Unknown) or not _hears_neighbours(case, ip):
        return answer([_not_asked(ip)], "")
    network = next((w.network for w in case.ways if w.ip.version == ip.version and ip in w.network), None)
    if network is None or router_to(case, ip) is not None:
        return answer([judge_elsewhere(case, ip)], "")
    states = ", ".join(neighbour.states) if neighbour else "no entry"
    evidence = (Evidence(words.neighbours(case), f"{ip}: {states}"),)
    if _looks_isolated(case, ip, table):
        title = f"The network probably keeps devices apart: the gateway is there, but neither {ip} nor others answer"
        detail = "Guest networks and many access points keep clients from each other. This machine cannot prove it."
        return answer(
            [Finding("peer-isolated", Outcome.BLOCKS, title, detail, evidence, (_isolation_fix(),))], ""
        )
    if network.num_addresses > _WIDEST and ip.version == 4:
        return answer([_behind_wide_mask(case, ip, network, evidence)], "")
    detail = "It may be off, asleep, in another network (guest Wi-Fi, mobile data), or kept apart by the access point."
    title = f"The device at {ip} is not on this network: nobody answers for its address"
    step = "Look up the address on the client, and join the same network (not the guest one)."
    fix = Fix("Bring the client into this network", needs="user-action", steps=(step,))
    return answer([Finding("peer-down", Outcome.BLOCKS, title, detail, evidence, (fix,))], "")


_WIDEST = 1 << 16
"""So many addresses a network of one link has at most: with more, this machine's mask is doubted."""


def _behind_wide_mask(
    case: Case, ip: IPAddress, network: IPNetwork, evidence: tuple[Evidence, ...]
) -> Finding:
    """Where the mask takes in half the world, a client that nobody answers for is rather behind the router."""
    has = Evidence(words.addresses(case), f"this machine takes {network} for its own link")
    step = "Give this machine the prefix length that the router has for this network, often 24."
    return Finding(
        code="peer-down",
        outcome=Outcome.BLOCKS,
        title=f"Nobody answers for {ip} on the link, and this machine's network {network} looks too wide",
        detail="Answers to clients behind a router are lost so: they are asked for here, not sent to the router. "
        "If it really is on this link, the device is off or has another address.",
        evidence=(*evidence, has),
        fixes=(Fix("Correct the network mask", needs="user-action", steps=(step,)),),
        symptom=Symptom.TIMEOUT,
    )


def _is_kept_away(case: Case, ip: IPAddress) -> bool:
    """Whether macOS refused at once, in the words of a missing route: so it does where a program may not see the LAN.

    Root is never refused (Apple's technical note TN3179), and asking in vain for an address takes longer.
    """
    connects = connects_of(case, ip)
    if case.facts.os != "macos" or case.facts.privileged or connects is None:
        return False
    tries = [one.connect for one in connects.results]
    return bool(tries) and all(one.error == "EHOSTUNREACH" and one.seconds < _AT_ONCE for one in tries)


_AT_ONCE = 0.1


def _kept_away(case: Case, ip: IPAddress) -> Finding:
    step = (
        "System Settings > Privacy & Security > Local Network: switch the program on from which landiag runs."
    )
    return Finding(
        code="local-network-privacy",
        outcome=Outcome.UNKNOWN,
        title=f"Whether the device at {ip} is there: macOS probably keeps this program from asking it",
        detail="That stops what this Mac asks of others, never what others ask of its servers.",
        evidence=(Evidence("connect()", f"{ip}: EHOSTUNREACH at once"),),
        fixes=(
            Fix("Give the permission", needs="user-action", steps=(step,)),
            Fix(
                "Or look again as root, who is never kept away",
                (f"{case.machine.landiag} {case.asks_again}",),
                needs="root",
            ),
        ),
    )


def _hears_neighbours(case: Case, ip: IPAddress) -> bool:
    """Whether this machine asks its neighbours, and hears what they say: ND is ICMPv6, ARP passes by the rules."""
    route = lookup(case.facts, ip)
    if isinstance(route, Unknown) or route.kind is not RouteKind.UNICAST:
        return False  # nothing is sent there, so nobody was asked
    if case.way is None:
        return True
    if pass_queues(case.facts, case.way.interface, ARP_SIZE).effect in (Effect.LOST, Effect.UNKNOWN):
        return False
    if may_lose(case, case.way.interface):
        return False
    if ip.version == 4:
        return True
    said = Packet(
        protocol="icmpv6",
        icmp_type=_NEIGHBOUR_ADVERTISEMENT,
        icmp_code=0,
        source=ip,
        destination=case.way.ip,
        in_interface=case.way.interface.name,
        source_port=None,
        flags=frozenset(),
        ttl=255,
        state="untracked",
    )
    journey = follow(case.facts, said)
    return not isinstance(journey, Unknown) and journey.verdict is Verdict.ACCEPT


def _not_asked(ip: IPAddress) -> Finding:
    title = f"Whether the device at {ip} is there: it could not be asked, or its answer was not heard"
    return Finding("peer-down", Outcome.UNKNOWN, title)


def _looks_isolated(case: Case, ip: IPAddress, table: tuple[Neighbour, ...]) -> bool:
    """Whether the gateway is on the link, and no other neighbour that was asked there, the peer or any, is."""
    here = [entry for entry in table if case.way is not None and entry.device == case.way.interface.name]
    router = next((entry.mac for entry in here if entry.address == gateway_of(case) and entry.mac), None)
    others = [entry for entry in here if entry.address != ip and entry.mac != router]
    return router is not None and bool(others) and all(_GONE & set(entry.states) for entry in others)


def _isolation_fix() -> Fix:
    steps = (
        "In the access point, switch off client isolation (AP isolation), or leave the guest network.",
        "Or connect this machine by cable.",
    )
    return Fix("Let the access point pass packets between clients", needs="user-action", steps=steps)
