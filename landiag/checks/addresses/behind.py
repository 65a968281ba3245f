"""An address of the clients' network that a container has behind this machine: does anybody answer for it on the link?

A route alone doesn't lead clients here: they ask the link for the address, and this machine answers in the container's
place only as a proxy (arp_process and arp_fwd_proxy in net/ipv4/arp.c).
"""

from __future__ import annotations

from ipaddress import ip_address

from landiag.checks.case import Case
from landiag.checks.fixes.fix import fix_by
from landiag.collect import neighbours
from landiag.journey.ownership import owner_of
from landiag.journey.routing import RouteDecision, lookup
from landiag.journey.ways import is_container_side
from landiag.model.changes import Sysctl
from landiag.model.facts import File, IPAddress, Source, Unknown
from landiag.model.report import Evidence, Finding, Outcome
from landiag.model.settings import setting_path
from landiag.model.terms import Symptom


def plan(case: Case) -> tuple[Source, ...]:
    """Read whether this machine answers for others, where a route leads to the container that has the address."""
    return () if route_behind(case) is None else (*map(_file, _settings(case)), neighbours.PROXIES)


def route_behind(case: Case) -> RouteDecision | None:
    """The route into an inner network that leads to the address that was asked for; None for any other address."""
    if case.target.address is None or case.facts.os != "linux" or case.way is None:
        return None
    ip = ip_address(case.target.address)
    found = lookup(case.facts, ip)
    is_of_clients = ip in case.way.network and owner_of(case.facts, ip) is None
    if not is_of_clients or ip.version != 4 or isinstance(found, Unknown):
        return None
    known = () if isinstance(case.facts.interfaces, Unknown) else case.facts.interfaces
    is_inner = any(one.name == found.device and is_container_side(one) for one in known)
    return found if is_inner else None


def _settings(case: Case) -> tuple[str, ...]:
    """What makes it answer for all that it has a route to."""
    assert case.way is not None
    names = ("proxy_arp", "proxy_arp_pvlan")
    return tuple(f"net.ipv4.conf.{one}.{name}" for one in ("all", case.way.interface.name) for name in names)


def _file(setting: str) -> File:
    return File(setting_path(setting))


def answers_for(case: Case, ip: IPAddress) -> bool | None:
    """Whether this machine answers the link's questions for an address behind it; None where that is not known."""
    values = [case.parse(_file(name), int) for name in _settings(case)]
    told = case.parse(neighbours.PROXIES, neighbours.parse_proxies)
    known = told if isinstance(told, frozenset) else None
    if ip in (known or ()) or any(one == 1 for one in values):
        return True
    return False if known is not None and all(one == 0 for one in values) else None


def check(case: Case) -> Finding | None:
    """Say whether anybody answers for an address behind this machine; None where it is none."""
    route = route_behind(case)
    if route is None or case.way is None:
        return None
    ip, name = ip_address(str(case.target.address)), case.way.interface.name
    way = Evidence("ip route", f"{ip} dev {route.device}")
    if answers_for(case, ip) is not False:
        title = f"Whether other devices get through to {ip}, which is behind this machine ({route.device})"
        detail = "What becomes of their packets on the other side was not followed."
        return Finding("wrong-address", Outcome.UNKNOWN, title, detail, (way,), symptom=Symptom.UNKNOWN)
    setting = f"net.ipv4.conf.{name}.proxy_arp"
    fix = fix_by(
        f"Let this machine answer on {name} for what it has routes to",
        Sysctl(setting, "0", "1"),
        risk="it answers for every address that it reaches by another interface",
    )
    return Finding(
        code="wrong-address",
        outcome=Outcome.BLOCKS,
        title=f"Nobody answers for {ip} on the network: it is behind this machine ({route.device})",
        detail=f"This machine has a route to it by {route.device}, and other devices ask the link for it in vain.",
        evidence=(way, Evidence(setting_path(setting), f"{setting} = 0")),
        fixes=(fix,),
        symptom=Symptom.UNREACHABLE,
    )
