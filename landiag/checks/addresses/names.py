"""Does the name that people type lead other devices to this machine?"""

from __future__ import annotations

from landiag.checks.application.scheme import clients_scheme
from landiag.checks.case import Case
from landiag.collect import names
from landiag.collect.exchanges.dns import Answers, NameServers, parse_name_servers
from landiag.collect.exchanges.resolve import Resolution, parse_resolution
from landiag.model.addresses import ip_or_none
from landiag.model.facts import Call, IPAddress, Source, Unknown
from landiag.model.report import Evidence, Finding, Fix, Outcome
from landiag.model.terms import Symptom


def plan(case: Case) -> tuple[Source, ...]:
    """Ask the system resolver for the name, and read who the name servers are."""
    return () if case.name is None else (names.RESOLV_CONF, *names.UPLINKS, _resolve(case.name))


def plan_after(case: Case) -> tuple[Source, ...]:
    """Ask the name servers and mDNS themselves: other devices do not read this machine's hosts file."""
    source = _servers_source(case)
    return () if source is None else (source,)


def _resolve(name: str) -> Call:
    return names.resolve(name, "")


def _servers_source(case: Case) -> Call | None:
    if case.name is None:
        return None
    return names.name_servers(case.name, names.read_servers(case.readings))


def check(case: Case) -> list[Finding]:
    """Name a name that leads other devices nowhere, or to another machine."""
    source = _servers_source(case)
    asked = None if source is None else case.parse(source, parse_name_servers)
    if case.name is None or asked is None:
        return []
    if isinstance(asked, Unknown):
        title = f"Where the name {case.name} leads other devices is not known"
        evidence = (Evidence(asked.source, asked.reason),)
        return [Finding("name-does-not-resolve", Outcome.UNKNOWN, title, asked.reason, evidence)]
    outside = {address for one in asked.answers for address in one.addresses}
    own = _own(case)
    if any(ip_or_none(address) in own for one in asked.answers for address in _told_to_others(one)):
        return []
    if any(ip_or_none(address) in own for address in outside):
        return [_only_asked_here(case, asked)]
    if outside:
        return [_elsewhere(case, asked, sorted(outside))]
    return [_nowhere(case, asked, own)]


def _told_to_others(one: Answers) -> tuple[str, ...]:
    return () if names.is_own(one.server) else one.addresses


def _only_asked_here(case: Case, asked: NameServers) -> Finding:
    """Say that the only name server that knows the name is this machine's own, which reads its own list."""
    return Finding(
        code="name-does-not-resolve",
        outcome=Outcome.UNKNOWN,
        title=f"Whether other devices know the name {case.name}: only this machine's own name server says so",
        detail="It answers from this machine's own list (hosts), too, which other devices do not read.",
        evidence=_evidence(case, asked),
        fixes=(_use_address(case),),
        symptom=Symptom.UNRESOLVED,
    )


def _own(case: Case) -> frozenset[IPAddress]:
    interfaces = () if isinstance(case.facts.interfaces, Unknown) else case.facts.interfaces
    fronts = (way.client_ip for way in case.ways if way.client_ip is not None)
    return frozenset((*(address.ip for one in interfaces for address in one.addresses), *fronts))


def _elsewhere(case: Case, asked: NameServers, outside: list[str]) -> Finding:
    return Finding(
        code="name-resolves-elsewhere",
        outcome=Outcome.BLOCKS,
        title=f"The name {case.name} leads other devices to {', '.join(outside[:3])}, which is not this machine",
        detail="Name servers and mDNS were asked directly, as other devices ask them.",
        evidence=_evidence(case, asked),
        fixes=(_use_address(case),),
    )


def _nowhere(case: Case, asked: NameServers, own: frozenset[IPAddress]) -> Finding:
    """No name server knows it: a warning where this machine alone does, since people may have meant its address."""
    local = None if case.name is None else case.parse(_resolve(case.name), parse_resolution)
    known = local.addresses if isinstance(local, Resolution) else ()
    is_local = any(
        (address := ip_or_none(one)) is not None and (address in own or address.is_loopback) for one in known
    )
    silent = bool(asked.answers) and all(one.error == "no-answer" for one in asked.answers)
    why = "no name server answers" if silent else "no name server and no device answers for it"
    if not asked.answers:
        why = "this machine has no name server to ask"
    if case.name is not None and case.name.lower().rstrip(".").endswith(".localhost"):
        why = "names that end in .localhost lead each device to itself (RFC 6761)"
    return Finding(
        code="name-does-not-resolve",
        outcome=Outcome.WARNS if is_local else Outcome.BLOCKS,
        title=f"Only this machine knows the name {case.name}; other devices do not"
        if is_local
        else f"The name {case.name} leads other devices nowhere: {why}",
        detail=f"It stands in this machine's own list (hosts); {why}." if is_local else "",
        evidence=_evidence(case, asked),
        fixes=(_use_address(case),),
        symptom=Symptom.UNRESOLVED,
    )


def _evidence(case: Case, asked: NameServers) -> tuple[Evidence, ...]:
    said = [Evidence(one.shown, ", ".join(one.addresses) or one.error or "nothing") for one in asked.answers]
    local = None if case.name is None else case.parse(_resolve(case.name), parse_resolution)
    if isinstance(local, Resolution):
        said.append(Evidence("system resolver", ", ".join(local.addresses) or local.error or "nothing"))
    return tuple(said)


def _use_address(case: Case) -> Fix:
    scheme = clients_scheme(case)
    place = next((one for way in case.ways if (one := way.place(case.port, scheme)) is not None), None)
    step = (
        f"On the other device, type the address: {place}"
        if place
        else "Use this machine's address, not the name."
    )
    return Fix("Use the address instead of the name", needs="user-action", steps=(step,))
