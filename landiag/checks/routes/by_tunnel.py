"""Answers that leave by a tunnel, and what lets those to the LAN go past it."""

from __future__ import annotations

from msgspec.structs import replace

from landiag.checks.case import Case
from landiag.checks.fixes.fix import fix_by
from landiag.checks.routes.words import (
    evidence_of,
    is_of_address,
    network_of,
    removed,
    returns,
    rule_ahead,
    who,
)
from landiag.collect.tunnels import tunnel_named, tunnel_of
from landiag.firewall.engine.surroundings import Way as Decision
from landiag.journey.ways import Way
from landiag.model.changes import Change
from landiag.model.facts import IPAddress, IPNetwork, Unknown
from landiag.model.report import Finding, Fix, Outcome
from landiag.model.route import Route
from landiag.model.terms import StageName, Symptom


def by_tunnel(case: Case, way: Way, client: IPAddress, decision: Decision) -> Finding:
    """The answer leaves by a tunnel."""
    return Finding(
        code="vpn-takes-replies",
        outcome=Outcome.BLOCKS,
        title=f"Answers to {who(case, client, way)} leave by {decision.device} (a VPN or tunnel), not by "
        f"{way.interface.name}",
        detail="The client's packets arrive by the LAN, the answers vanish in the tunnel.",
        evidence=(evidence_of(case, way, client, decision),),
        fixes=(_leave_alone(case, way, client, decision),),
        paths=(way.id,),
        stage=StageName.REPLY_ROUTE,
        symptom=Symptom.TIMEOUT,
    )


def _leave_alone(case: Case, way: Way, client: IPAddress, decision: Decision) -> Fix:
    """Let answers past it, to the LAN or one client: by a command until it is set up anew, by its settings for good."""
    wanted = network_of(way, client)
    changes = _past_tunnel(case, way, wanted, decision) if case.facts.os == "linux" else ()
    advice = _settings(case, way, wanted, decision.device or "")
    if not changes:
        return Fix("Let the VPN leave the LAN alone", needs="user-action", steps=(advice,))
    risk = f"the VPN may keep this machine from {wanted} on purpose"
    title = f"Let answers to {'the LAN' if client in way.network else client} go past the VPN"
    return replace(fix_by(title, *changes, verified=True, risk=risk), keep=advice.removesuffix("."))


def _past_tunnel(case: Case, way: Way, wanted: IPNetwork, decision: Decision) -> tuple[Change, ...]:
    """The changes of routes with which answers find their way back, in the model; empty where none does."""
    routes, route = case.facts.routes, decision.route
    if (ahead := rule_ahead(case, way, wanted, decision)) is not None:
        return (ahead,)
    if isinstance(routes, Unknown):
        return ()
    beside = () if route is None else tuple(one for one in routes if _is_beside(one, route, way))
    covering = tuple(one for one in beside if not is_of_address(case, one))
    left = replace(case.facts, routes=tuple(one for one in routes if one not in covering))
    return tuple(removed(one) for one in covering) if returns(case, way, left) else ()


def _is_beside(one: Route, route: Route, way: Way) -> bool:
    """Whether a route by the same tunnel leads to the LAN, or to a part of it, alone."""
    place, length = (route.table, route.device), way.network.prefixlen
    is_part = one.destination.version == way.ip.version and one.destination.prefixlen >= length
    return is_part and (one.table, one.device) == place and one.destination[0] in way.network


def _settings(case: Case, way: Way, wanted: IPNetwork, device: str) -> str:
    """Where the settings of this very tunnel leave the LAN alone; what to look for where nobody knows it.

    What is known of tunnels is about the LAN: it says nothing of clients behind a gateway.
    """
    known_interfaces = () if isinstance(case.facts.interfaces, Unknown) else case.facts.interfaces
    described = next((one.description for one in known_interfaces if one.name == device), "")
    known = tunnel_of(f"{device} {described}") or tunnel_named(device)
    if known is not None and known.advice and wanted == way.network:
        return known.advice
    return (
        f"Allow local network access (split tunnel) for {wanted} in the VPN's settings, then connect it anew; "
        "Tailscale: tailscale set --exit-node-allow-lan-access."
    )
