"""Do the answers find their way back to the client?"""

from __future__ import annotations

from landiag.checks import words
from landiag.checks.case import Answer, Case, answer, milder, not_applicable, unknown_evidence
from landiag.collect.tunnels import tunnel_named, tunnel_of
from landiag.journey.routing import RouteDecision, lookup
from landiag.journey.ways import Way, client_of, is_container_side
from landiag.model.facts import Interface, IPAddress, Unknown
from landiag.model.report import Evidence, Finding, Fix, Outcome

_TUNNELS = ("vpn", "tunnel")


def check(case: Case) -> Answer:
    """Check the route back to the clients of the way in, and whether the kernel accepts where they come from."""
    way = case.way
    if way is None:
        return not_applicable("no way in")
    client = client_for(case, way)
    route = lookup(case.facts, client, source=way.ip)
    findings = _check_client(case, way, client, route)
    codes = {finding.code for finding in findings}
    for one in case.classes.get(way.id, ())[1:]:
        other = one.journey.packet.source or client
        others = _check_client(case, way, other, lookup(case.facts, other, source=way.ip))
        findings += [milder(finding, one.addresses) for finding in others if finding.code not in codes]
    findings += _check_conntrack(case)
    device = None if isinstance(route, Unknown) else route.device
    return answer(findings, f"answers to {client} leave by {device}" if device else "")


def _check_client(case: Case, way: Way, client: IPAddress, route: RouteDecision | Unknown) -> list[Finding]:
    if isinstance(route, Unknown):
        title = "The way back to clients could not be evaluated"
        evidence = unknown_evidence(route)
        return [Finding("no-route-to-client", Outcome.UNKNOWN, title, route.reason, evidence)]
    return [*_check_reverse_path(case, way, client), *_check_route(case, way, client, route)]


def client_for(case: Case, way: Way) -> IPAddress:
    """Choose the client that the answer is for: the peer, else one of the subnet's largest class."""
    if case.peer is not None and case.peer.version == way.ip.version:
        return case.peer
    ordinary = next(iter(case.classes.get(way.id, ())), None)
    source = None if ordinary is None else ordinary.journey.packet.source
    return source or client_of(way)


def _who(case: Case, client: IPAddress, way: Way) -> str:
    return f"the client {client}" if client == case.peer else f"clients in {way.network}"


def _check_route(case: Case, way: Way, client: IPAddress, route: RouteDecision) -> list[Finding]:
    evidence = (Evidence(words.routes(case), describe_route(route, client, way)),)
    if not route.leaves:
        return [_no_route(case, way, client, route, evidence)]
    if route.device in (way.interface.name, way.interface.master):
        return []
    device = _interface(case, route.device)
    if device is not None and is_container_side(device):
        return []  # the addresses check names the overlapping container network
    if device is not None and device.kind in _TUNNELS:
        return [_by_tunnel(case, way, client, device, evidence)]
    return [_by_other_interface(case, way, client, route, evidence)]


def _no_route(
    case: Case, way: Way, client: IPAddress, route: RouteDecision, evidence: tuple[Evidence, ...]
) -> Finding:
    kind = "there is no route" if route.kind == "none" else f"a {route.kind} route takes it"
    if client == way.ip:
        kind = f"{way.interface.name} has {way.ip}/{way.ip.max_prefixlen}, an address without a network"
    commands: tuple[str, ...] = ()
    undo: tuple[str, ...] = ()
    if route.route is not None and route.kind in ("blackhole", "prohibit", "unreachable"):
        delete, add = words.refusing_route(case, route.route)
        commands, undo = (delete,), (add,)
    elif route.rule is not None and route.rule.action in ("blackhole", "prohibit", "unreachable"):
        commands = (f"ip rule del pref {route.rule.priority}",)
    fix = Fix(
        "Give the answers a way back",
        commands,
        undo,
        needs="root" if commands else "user-action",
        risk="whoever added it (a VPN's kill switch, for example) wanted it" if commands else None,
        steps=() if commands else (f"Add a route to {client}'s network, or a default gateway.",),
    )
    return Finding(
        code="no-route-to-client",
        outcome=Outcome.BLOCKS,
        title=f"Answers to {_who(case, client, way)} have no way back: {kind}",
        detail="The client's packets arrive, and the answers are thrown away here.",
        evidence=evidence,
        fixes=(fix,),
        paths=(way.id,),
    )


def _by_tunnel(
    case: Case, way: Way, client: IPAddress, device: Interface, evidence: tuple[Evidence, ...]
) -> Finding:
    return Finding(
        code="vpn-takes-replies",
        outcome=Outcome.BLOCKS,
        title=f"Answers to {_who(case, client, way)} leave by {device.name} (a VPN or tunnel), not by "
        f"{way.interface.name}",
        detail="The client's packets arrive by the LAN, the answers vanish in the tunnel.",
        evidence=evidence,
        fixes=(
            Fix(
                "Let the VPN leave the LAN alone",
                needs="user-action",
                steps=(_lan_advice(device, way),),
            ),
        ),
        paths=(way.id,),
    )


def _lan_advice(device: Interface, way: Way) -> str:
    """Where the settings of this very tunnel leave the LAN alone; what to look for where nobody knows it."""
    known = tunnel_of(f"{device.name} {device.description}") or tunnel_named(device.name)
    if known is not None and known.advice:
        return known.advice
    return (
        f"Allow local network access (split tunnel) for {way.network} in the VPN's settings, then connect it anew; "
        "Tailscale: tailscale set --exit-node-allow-lan-access."
    )


def _by_other_interface(
    case: Case, way: Way, client: IPAddress, route: RouteDecision, evidence: tuple[Evidence, ...]
) -> Finding:
    return Finding(
        code="no-route-to-client",
        outcome=Outcome.WARNS,
        title=f"Answers to {_who(case, client, way)} leave by {route.device}, not by {way.interface.name}, by "
        f"which the packets come",
        detail="That works where both lead to the same network, and fails where a router or firewall between checks.",
        evidence=evidence,
        paths=(way.id,),
    )


def _check_reverse_path(case: Case, way: Way, client: IPAddress) -> list[Finding]:
    """Check rp_filter: the larger of ``all`` and the interface's own counts (ip-sysctl.rst). IPv4 only."""
    if client.version != 4:
        return []
    names = ("net.ipv4.conf.all.rp_filter", f"net.ipv4.conf.{way.interface.name}.rp_filter")
    values = {name: case.facts.sysctls.get(name, "") for name in names}
    mode = max((int(value) for value in values.values() if value.isdigit()), default=0)
    if mode == 0:
        return []
    route = lookup(case.facts, client, source=way.ip)
    if isinstance(route, Unknown):
        return []
    strict_fault = mode == 1 and route.leaves and route.device != way.interface.name
    if not strict_fault and (route.leaves or mode != 2):
        return []
    if not route.leaves:
        return []  # no way back at all, which the route check names
    return [_reverse_path(case, way, client, route, values)]


def _reverse_path(
    case: Case, way: Way, client: IPAddress, route: RouteDecision, values: dict[str, str]
) -> Finding:
    loose = tuple(
        f"sysctl -w {name}=2"
        for name, value in values.items()
        if name.split(".")[-2] != "all" or value == "1"
    )
    undo = tuple(
        f"sysctl -w {name}={value or 0}" for name, value in values.items() if f"sysctl -w {name}=2" in loose
    )
    settings = ", ".join(f"{name} = {value}" for name, value in values.items())
    return Finding(
        code="reverse-path-filter",
        outcome=Outcome.BLOCKS,
        title=f"The kernel drops packets of {_who(case, client, way)} on {way.interface.name}: its own route to "
        f"them is by {route.device} (rp_filter)",
        detail="Strict reverse path filtering (RFC 3704) takes packets only where the answer would leave.",
        evidence=(
            Evidence("sysctl", settings),
            Evidence(words.routes(case), describe_route(route, client, way)),
        ),
        fixes=(
            Fix(
                f"Make the filter loose on {way.interface.name}",
                loose,
                undo,
                needs="root",
                risk=f"answers then leave by {route.device}; where that leads elsewhere, mend the route instead",
            ),
        ),
        paths=(way.id,),
    )


def _check_conntrack(case: Case) -> list[Finding]:
    """Check that the table of connections has room (nf_conntrack-sysctl.rst)."""
    count = case.facts.sysctls.get("net.netfilter.nf_conntrack_count", "")
    most = case.facts.sysctls.get("net.netfilter.nf_conntrack_max", "")
    if not (count.isdigit() and most.isdigit()) or int(most) == 0 or int(count) < int(most):
        return []
    return [
        Finding(
            code="conntrack-full",
            outcome=Outcome.BLOCKS,
            title=f"The kernel's table of connections is full ({count} of {most}): new ones are dropped",
            evidence=(Evidence("sysctl", f"nf_conntrack_count = {count}, nf_conntrack_max = {most}"),),
            fixes=(
                Fix(
                    "Make the table larger",
                    (f"sysctl -w net.netfilter.nf_conntrack_max={int(most) * 2}",),
                    (f"sysctl -w net.netfilter.nf_conntrack_max={most}",),
                    needs="root",
                ),
            ),
        )
    ]


def _interface(case: Case, name: str | None) -> Interface | None:
    if isinstance(case.facts.interfaces, Unknown):
        return None
    return next((interface for interface in case.facts.interfaces if interface.name == name), None)


def describe_route(route: RouteDecision, client: IPAddress, way: Way) -> str:
    """Write a decision the way ``ip route get`` does, with the rule and the table that led to it."""
    words = [f"{client} from {way.ip}:"]
    if route.rule is not None:
        words.append(f"rule {route.rule.priority}")
    if route.route is not None:
        words.append(f"table {route.route.table}: {route.route.destination}")
    words.append(route.kind if route.kind != "unicast" else f"dev {route.device}")
    if route.gateway is not None:
        words.append(f"via {route.gateway}")
    return " ".join(words)
