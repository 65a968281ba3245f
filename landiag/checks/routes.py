"""Findings about routes: what the kernel decides for a client's packet and for the answer, in words and commands."""

from __future__ import annotations

from landiag.checks import words
from landiag.checks.case import Case
from landiag.firewall.engine.surroundings import Way as Decision
from landiag.journey.ends import ReplyFault
from landiag.journey.ways import Way
from landiag.model.facts import IPAddress, Route
from landiag.model.report import Evidence, Finding, Fix, Outcome
from landiag.model.route import RouteKind
from landiag.model.terms import StageName, Symptom

_REFUSING = ("blackhole", "prohibit", "unreachable")


def who(case: Case, client: IPAddress, way: Way) -> str:
    """The clients that a sentence is about: the one that was named, or all of the network."""
    return f"the client {client}" if client == case.peer else f"clients in {way.network}"


def describe(decision: Decision, client: IPAddress, source: IPAddress) -> str:
    """Write a decision the way ``ip route get`` does, with the rule and the table that led to it."""
    parts = [f"{client} from {source}:"]
    if decision.rule is not None:
        parts.append(f"rule {decision.rule.priority}")
    if decision.route is not None:
        parts.append(f"table {decision.route.table}: {decision.route.destination}")
    is_plain = decision.kind is RouteKind.UNICAST or decision.device is not None
    parts.append(f"dev {decision.device}" if is_plain else decision.kind.value)
    if decision.gateway is not None:
        parts.append(f"via {decision.gateway}")
    return " ".join(parts)


def _evidence(case: Case, way: Way, client: IPAddress, decision: Decision) -> Evidence:
    return Evidence(words.routes(case), describe(decision, client, way.ip))


def no_route(case: Case, way: Way, client: IPAddress, decision: Decision) -> Finding:
    """The answer is thrown away: no route, or one that refuses."""
    kind = (
        "there is no route" if decision.kind is RouteKind.NONE else f"a {decision.kind.value} route takes it"
    )
    commands: tuple[str, ...] = ()
    undo: tuple[str, ...] = ()
    if decision.route is not None and decision.kind.value in _REFUSING:
        delete, add = words.refusing_route(case, decision.route)
        commands, undo = (delete,), (add,)
    elif decision.rule is not None and decision.rule.action in _REFUSING:
        commands = (f"ip rule del pref {decision.rule.priority}",)
    fix = Fix(
        "Give the answers a way back",
        commands,
        undo,
        needs="root" if commands else "user-action",
        risk="it was added on purpose (by a VPN's kill switch, for example)" if commands else None,
        steps=() if commands else (f"Add a route to {client}'s network, or a default gateway.",),
    )
    return Finding(
        code="no-route-to-client",
        outcome=Outcome.BLOCKS,
        title=f"Answers to {who(case, client, way)} have no way back: {kind}",
        detail="The client's packets arrive, and the answers are thrown away here.",
        evidence=(_evidence(case, way, client, decision),),
        fixes=(fix,),
        paths=(way.id,),
        stage=StageName.REPLY_ROUTE,
        symptom=Symptom.TIMEOUT,
    )


def by_tunnel(case: Case, way: Way, client: IPAddress, decision: Decision) -> Finding:
    """The answer leaves by a tunnel."""
    return Finding(
        code="vpn-takes-replies",
        outcome=Outcome.BLOCKS,
        title=f"Answers to {who(case, client, way)} leave by {decision.device} (a VPN or tunnel), not by "
        f"{way.interface.name}",
        detail="The client's packets arrive by the LAN, the answers vanish in the tunnel.",
        evidence=(_evidence(case, way, client, decision),),
        fixes=(
            Fix(
                "Let the VPN leave the LAN alone",
                needs="user-action",
                steps=(
                    f"Allow local network access (split tunnel) for {way.network} in the VPN's settings, then"
                    " connect it anew; Tailscale: tailscale set --exit-node-allow-lan-access.",
                ),
            ),
        ),
        paths=(way.id,),
        stage=StageName.REPLY_ROUTE,
        symptom=Symptom.TIMEOUT,
    )


def no_carrier(case: Case, way: Way, client: IPAddress, decision: Decision) -> Finding:
    """The answer leaves by an interface without a link."""
    return _misled(
        case, way, client, decision,
        f"Answers to {who(case, client, way)} leave by {decision.device}, which has no link",
        "The client's packets arrive, and the answers go to an interface without cable or Wi-Fi.",
    )  # fmt: skip


def lost_on_other_link(case: Case, way: Way, client: IPAddress, decision: Decision) -> Finding:
    """The answer is sent to a link where the client is not."""
    return _misled(
        case, way, client, decision,
        f"Answers to {who(case, client, way)} leave by {decision.device}, but the clients are on {way.interface.name}",
        f"On {decision.device} no device answers for their addresses, so the answers are never sent.",
    )  # fmt: skip


def _misled(case: Case, way: Way, client: IPAddress, decision: Decision, title: str, detail: str) -> Finding:
    return Finding(
        code="no-route-to-client",
        outcome=Outcome.BLOCKS,
        title=title,
        detail=detail,
        evidence=(_evidence(case, way, client, decision),),
        fixes=(_drop_route(case, decision),),
        paths=(way.id,),
        stage=StageName.REPLY_ROUTE,
        symptom=Symptom.TIMEOUT,
    )


def _drop_route(case: Case, decision: Decision) -> Fix:
    """Take the route away that misleads the answers, where it is one of its own."""
    route = decision.route
    risk = f"what else uses that route no longer reaches {route.destination if route else 'it'} by it"
    if route is None or case.facts.os != "linux" or route.table in ("local", "255"):
        step = f"Remove or correct the route by {decision.device} that covers the clients' network."
        return Fix("Correct the route", needs="user-action", steps=(step,))
    line = route_line(route)
    return Fix(
        "Remove the route that leads there", (f"ip route del {line}",), (f"ip route add {line}",), "root",
        risk=risk,
    )  # fmt: skip


def route_line(route: Route) -> str:
    """A route as ``ip route`` takes it."""
    parts = [str(route.destination)]
    if route.gateway is not None:
        parts += ["via", str(route.gateway)]
    if route.device is not None:
        parts += ["dev", route.device]
    if route.metric:
        parts += ["metric", str(route.metric)]
    return " ".join([*parts, *([] if route.table == "main" else ["table", route.table])])


def wrong_neighbour(case: Case, way: Way, client: IPAddress, decision: Decision) -> Finding:
    """A fixed neighbour entry sends the answers to a wrong hardware address."""
    hop = decision.gateway or client
    return Finding(
        code="no-route-to-client",
        outcome=Outcome.BLOCKS,
        title=f"Answers to {who(case, client, way)} go to a wrong hardware address, by a fixed neighbour entry",
        detail="A fixed (PERMANENT) entry is used without asking the network who has the address.",
        evidence=(Evidence(words.neighbours(case), f"{hop} dev {decision.device} PERMANENT"),),
        fixes=(
            Fix(
                "Remove the entry, so that the network is asked",
                (f"ip neigh del {hop} dev {decision.device}",),
                needs="root",
                risk="the entry was set on purpose",
            ),
        ),
        paths=(way.id,),
        stage=StageName.REPLY_ROUTE,
        symptom=Symptom.TIMEOUT,
    )


def by_other_interface(case: Case, way: Way, client: IPAddress, decision: Decision) -> Finding:
    """The answer leaves by another interface, and may well arrive: a warning."""
    return Finding(
        code="no-route-to-client",
        outcome=Outcome.WARNS,
        title=f"Answers to {who(case, client, way)} leave by {decision.device}, not by {way.interface.name}, by "
        f"which the packets come",
        detail="That works where both lead to the same network, and fails where a router or firewall between checks.",
        evidence=(_evidence(case, way, client, decision),),
        paths=(way.id,),
        stage=StageName.REPLY_ROUTE,
    )


def reverse_path(
    case: Case, way: Way, client: IPAddress, decision: Decision, *, is_asked: bool, then: ReplyFault | None
) -> Finding:
    """Strict reverse path filtering drops the client's packets; ``is_asked``: its ARP question, too.

    ``then`` is what becomes of the answers once the filter is loose: where they get lost, the route is the fault.
    """
    names = ("net.ipv4.conf.all.rp_filter", f"net.ipv4.conf.{way.interface.name}.rp_filter")
    values = {name: case.facts.sysctls.get(name, "") for name in names}
    changed = {name: value for name, value in values.items() if name.split(".")[-2] != "all" or value == "1"}
    has_route = decision.device is not None
    mode = 2 if has_route else 0
    by = f"by {decision.device}" if has_route else "missing"
    detail = "Strict reverse path filtering (RFC 3704) takes packets only where the answer would leave."
    if is_asked:
        detail += " It answers no ARP question from there either, so clients get 'no route to host'."
    settings = ", ".join(f"{name} = {value}" for name, value in values.items())
    loosen = Fix(
        f"Make the filter loose on {way.interface.name}",
        tuple(f"sysctl -w {name}={mode}" for name in changed),
        tuple(f"sysctl -w {name}={value or 0}" for name, value in changed.items()),
        needs="root",
        risk=f"answers then leave by {decision.device}; where that leads elsewhere, correct the route instead"
        if has_route
        else "packets with forged senders are taken, too",
    )
    return Finding(
        code="reverse-path-filter",
        outcome=Outcome.BLOCKS,
        title=f"The kernel drops packets of {who(case, client, way)} on {way.interface.name}: its own route to "
        f"them is {by} (rp_filter)",
        detail=detail,
        evidence=(Evidence("sysctl", settings), _evidence(case, way, client, decision)),
        fixes=(_drop_route(case, decision) if then in _MISLED else loosen,),
        paths=(way.id,),
        stage=StageName.ROUTE,
        symptom=Symptom.UNREACHABLE if is_asked else Symptom.TIMEOUT,
    )


_MISLED = (ReplyFault.OTHER_LINK, ReplyFault.NO_CARRIER)
