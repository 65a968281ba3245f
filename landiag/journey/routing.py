"""Which way a packet goes: the kernel's route lookup, evaluated from the tables and rules that were read.

Sources: ip-rule(8), ip-route(8); fib_rules_lookup and fib_table_lookup in the Linux kernel.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from landiag.journey.route_index import index_routes
from landiag.model.facts import Family, Interface, IPAddress, Unknown
from landiag.model.host import Facts
from landiag.model.remember import remember
from landiag.model.route import REFUSING, PolicyRule, Route, RouteKind

_LEAVING = (RouteKind.UNICAST, RouteKind.MULTICAST, RouteKind.BROADCAST, RouteKind.ANYCAST)
_NOTHING = (None,) * 9
_KINDS = {kind.value: kind for kind in RouteKind}


class RouteDecision(Struct, frozen=True):
    """Where a packet goes. ``kind`` is the route's type: ``unicast`` leaves by ``device``, ``local`` is ours.

    ``blackhole``, ``prohibit`` and ``unreachable`` end the packet; so does ``none``, when no route matches.
    ``rule`` is the policy rule that led to ``route``; both are None where nothing matched.
    """

    kind: RouteKind
    device: str | None = None
    gateway: IPAddress | None = None
    source: IPAddress | None = None
    route: Route | None = None
    rule: PolicyRule | None = None

    @property
    def leaves(self) -> bool:
        """Whether the packet leaves this machine."""
        return self.kind in _LEAVING


class Flow(Struct, frozen=True):
    """The key of a lookup. ``in_interface`` is None for packets that this machine makes itself."""

    destination: IPAddress
    source: IPAddress | None = None
    in_interface: str | None = None
    out_interface: str | None = None
    mark: int = 0
    protocol: str = "tcp"
    source_port: int | None = None
    destination_port: int | None = None
    uid: int | None = None

    @property
    def family(self) -> Family:
        """The family of the destination."""
        return Family(self.destination.version)


def lookup(
    facts: Facts,
    destination: IPAddress,
    source: IPAddress | None = None,
    in_interface: str | None = None,
    mark: int = 0,
) -> RouteDecision | Unknown:
    """Look up the route of a TCP packet; see ``lookup_flow``."""
    return lookup_flow(facts, Flow(destination, source, in_interface, mark=mark))


def lookup_flow(facts: Facts, flow: Flow) -> RouteDecision | Unknown:
    """Evaluate rules and tables for a packet. Unknown where they were not read or a rule is not understood."""
    if isinstance(facts.routes, Unknown):
        return facts.routes
    if isinstance(facts.policy_rules, Unknown):
        return facts.policy_rules
    family = flow.family
    rules = [rule for rule in facts.policy_rules if rule.family is family]
    vrf = _vrf_of(facts, flow)
    if vrf is not None and flow.out_interface == vrf.name:
        flow = replace(flow, out_interface=None)  # it chooses the table, and no interface of it
    skip_until = None
    for rule in rules:
        if skip_until is not None and rule.priority < skip_until:
            continue
        skip_until = None
        if rule.is_vrf and vrf is None:
            continue
        matches = _rule_matches(rule, flow)
        if matches is False:
            continue
        if rule.is_vrf and vrf is not None:
            rule = replace(rule, table=vrf.vrf_table)  # noqa: PLW2901 - the table is the packet's
        result = _apply_rule(rule, facts, flow)
        if matches is None and result is not None:
            return _undecided(rule)
        if isinstance(result, int):
            skip_until = result
        elif result is not None:
            return result
    return RouteDecision(RouteKind.NONE)


def _vrf_of(facts: Facts, flow: Flow) -> Interface | None:
    """The VRF that a packet belongs to, by the interface that it came in by or must leave by (l3mdev_update_flow)."""
    members = {} if isinstance(facts.interfaces, Unknown) else _members_of_vrfs(facts.interfaces)
    if not members:
        return None
    names = (name for name in (flow.out_interface, flow.in_interface) if name in members)
    return next((members[name] for name in names if name is not None), None)


@remember
def _members_of_vrfs(interfaces: Sequence[Interface]) -> Mapping[str, Interface | None]:
    """The interfaces that belong to a VRF, each with that."""
    known = {one.name: one for one in interfaces}
    return {one.name: known.get(one.vrf) for one in interfaces if one.vrf}


def _apply_rule(rule: PolicyRule, facts: Facts, flow: Flow) -> RouteDecision | Unknown | int | None:
    """Do what a rule says: a decision, the priority of a goto, or None to go on with the next rule."""
    if rule.action == "goto":
        return rule.goto
    if rule.action in REFUSING:
        return RouteDecision(RouteKind(rule.action), rule=rule)
    if rule.action != "table" or rule.table is None or isinstance(facts.routes, Unknown):
        return None
    found = _lookup_table(rule, facts.routes, flow)
    if rule.suppress_group is None or not isinstance(found, RouteDecision):
        return found
    if isinstance(facts.interfaces, Unknown):
        return facts.interfaces
    # Of its interface's group it takes none (fib4_rule_suppress in net/ipv4/fib_rules.c).
    group = next((one.group for one in facts.interfaces if one.name == found.device), None)
    return None if group == rule.suppress_group else found


def _lookup_table(rule: PolicyRule, routes: Sequence[Route], flow: Flow) -> RouteDecision | Unknown | None:
    for matching in index_routes(routes).matching(rule.table, flow.destination):
        usable = [route for route in matching if _is_usable(route, flow)]
        if usable:
            return _decide(rule, usable)
    return None


def _is_usable(route: Route, flow: Flow) -> bool:
    if route.dead:
        return False
    return flow.out_interface is None or route.device in (None, flow.out_interface) or route.kind == "local"


def _decide(rule: PolicyRule, usable: Sequence[Route]) -> RouteDecision | Unknown | None:
    """Choose among the routes of the longest prefix."""
    best = min(usable, key=lambda route: route.metric)
    if rule.suppress_prefix_length is not None and best.destination.prefixlen <= rule.suppress_prefix_length:
        return None
    if best.kind == "throw":
        return None
    hops = {(one.device, one.gateway) for one in usable if one.multipath and one.metric == best.metric}
    if best.multipath and len(hops) > 1:
        return Unknown(f"the kernel spreads {best.destination} over {len(hops)} next hops", "ip route")
    kind = _KINDS.get(best.kind)
    if kind is None:
        return Unknown(f"a route of a type that is not known here ({best.kind})", "ip route")
    return RouteDecision(kind, best.device, best.gateway, best.source, best, rule)


def _undecided(rule: PolicyRule) -> Unknown:
    words = ", ".join(rule.unmodelled) or "a selector whose value is not known here"
    return Unknown(f"rule {rule.priority} may apply or not ({words})", "ip rule")


def _rule_matches(rule: PolicyRule, flow: Flow) -> bool | None:
    """Whether a rule's selectors match: None where that cannot be known."""
    if _asks_nothing(rule):
        return not rule.negated
    verdicts = [
        rule.source is None or _contains(rule.source, flow.source),
        rule.destination is None or flow.destination in rule.destination,
        rule.in_interface is None or rule.in_interface == (flow.in_interface or "lo"),
        rule.out_interface is None or rule.out_interface == flow.out_interface,
        rule.mark is None or (flow.mark & rule.mark_mask) == rule.mark,
        rule.protocol in (None, flow.protocol) or (flow.protocol == "tcp" and rule.protocol == "6"),
        _in_range(rule.source_ports, flow.source_port),
        _in_range(rule.destination_ports, flow.destination_port),
        _in_range(rule.uids, flow.uid),
        None if rule.unmodelled else True,
    ]
    if False in verdicts:
        return rule.negated
    return None if None in verdicts else not rule.negated


def _asks_nothing(rule: PolicyRule) -> bool:
    """Whether it is for every packet of its family (or, negated, for none), as most rules are."""
    asked = (
        rule.source, rule.destination, rule.in_interface, rule.out_interface, rule.mark, rule.protocol,
        rule.source_ports, rule.destination_ports, rule.uids,
    )  # fmt: skip
    return asked == _NOTHING and not rule.unmodelled


def _contains(network: object, address: IPAddress | None) -> bool | None:
    if address is None:
        return None
    return address in network  # type: ignore[operator]


def _in_range(bounds: tuple[int, int] | None, value: int | None) -> bool | None:
    if bounds is None:
        return True
    return None if value is None else bounds[0] <= value <= bounds[1]
