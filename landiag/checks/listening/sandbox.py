"""What systemd lets a server's sockets take: lists of addresses and interfaces that no packet filter shows.

A packet for one of the unit's sockets passes where IPAddressAllow of the unit or of a slice above it names its
sender, else it is dropped where IPAddressDeny does, else it passes; RestrictNetworkInterfaces of each of them has to
let its interface in, too (systemd.resource-control(5)).
"""

from __future__ import annotations

from collections.abc import Iterator

from landiag.checks.application.exchange import OwnStop
from landiag.checks.case import Case, unknown_evidence
from landiag.checks.fixes.units import file_fix, property_fix, restart_risk
from landiag.checks.routes.check import client_for
from landiag.collect.systemd import BPF, FEATURES, parse_features, unit_sources
from landiag.collect.units import Chain, NameList, Unit, parse_chain
from landiag.model.facts import Command, IPAddress, IPNetwork, ReadStatus, Unknown
from landiag.model.report import Evidence, Finding, Fix, Outcome


def plan(case: Case) -> tuple[Command, ...]:
    """Ask systemd for the units that hold the port's sockets."""
    if case.facts.os != "linux":
        return ()
    sources = unit_sources(case.listeners)
    return (*sources, FEATURES) if sources else ()


def check(case: Case) -> Iterator[Finding]:
    """Name the settings that keep the clients of the first way from the server's sockets."""
    if case.way is None:
        return
    client = client_for(case, case.way)
    yield from _unread(case)
    for chain in chains_of(case):
        if chain.programs:
            yield _programs(case, chain)
        denied = chain.denier(client)
        if denied is not None:
            yield _denies(case, *denied, client)
        keeper = chain.keeper(case.way.interface.name)
        if keeper is not None and has_feature(case, BPF) is not False:
            yield _keeps_interface(case, keeper)


def own_stop(case: Case) -> OwnStop | None:
    """The setting that stops this machine's own test, which comes in by lo from the address that it asks."""
    for chain in () if case.way is None else chains_of(case):
        denied = chain.denier(case.way.ip) if case.way else None
        if denied is not None:
            return _own(denied[0], f"IPAddressDeny={denied[1]}")
        keeper = chain.keeper("lo")
        if keeper is not None and keeper.interfaces is not None and has_feature(case, BPF) is True:
            return _own(keeper, f"RestrictNetworkInterfaces={keeper.interfaces.text}")
    return None


def _own(unit: Unit, setting: str) -> OwnStop:
    return OwnStop(f"systemctl show {unit.name}", f"{unit.name}: {setting}")


def chains_of(case: Case) -> Iterator[Chain]:
    """The units that hold the port's sockets; without systemd there are none, whatever the control group is called."""
    for source in unit_sources(case.listeners):
        chain = case.parse(source, parse_chain)
        if chain is not None and not isinstance(chain, Unknown):
            yield chain


_ABSENT = (ReadStatus.FAILED, ReadStatus.MISSING, ReadStatus.NOT_RECORDED)
"""How systemctl ends where no systemd runs; recordings from before it was asked have nothing of it."""


def _unread(case: Case) -> Iterator[Finding]:
    """Say of which units nobody could read the settings, although there is a systemd."""
    for source in unit_sources(case.listeners):
        reading, chain = case.readings.get(source.name), case.parse(source, parse_chain)
        if reading is not None and reading.status not in _ABSENT and isinstance(chain, Unknown):
            title = (
                f"Whether systemd lets other devices reach {source.argv[-1]}: its settings could not be read"
            )
            evidence = unknown_evidence(chain)
            yield Finding("sandbox-denies", Outcome.UNKNOWN, title, evidence=evidence, paths=_paths(case))


def _paths(case: Case) -> tuple[str, ...]:
    return () if case.way is None else (case.way.id,)


def has_feature(case: Case, name: str) -> bool | None:
    """Whether this systemd was built with a feature; None where nobody could tell."""
    features = case.parse(FEATURES, parse_features)
    return None if features is None or isinstance(features, Unknown) else name in features


def _denies(case: Case, unit: Unit, denied: IPNetwork, client: IPAddress) -> Finding:
    assert case.way is not None
    wanted = case.peer or case.way.network
    allowed = ", ".join(map(str, unit.allow)) or "is empty"
    return Finding(
        code="sandbox-denies",
        outcome=Outcome.BLOCKS,
        title=f"systemd keeps {client} from the server (IPAddressDeny of {unit.name})",
        detail="systemd drops such packets at the server's sockets; no rule of the packet filter shows it.",
        evidence=(
            Evidence(f"systemctl show {unit.name}", f"IPAddressDeny {denied}"),
            Evidence(f"systemctl show {unit.name}", f"IPAddressAllow {allowed}"),
        ),
        fixes=(
            property_fix(
                f"Let {unit.name} talk to your network",
                unit.name,
                "IPAddressAllow",
                str(wanted),
                before=" ".join(map(str, unit.allow)),
            ),
        ),
        paths=(case.way.id,),
    )


def _keeps_interface(case: Case, unit: Unit) -> Finding:
    """A list of interfaces without the one that clients come by; in force only where systemd has BPF programs."""
    assert case.way is not None
    assert unit.interfaces is not None
    name = case.way.interface.name
    is_known = has_feature(case, BPF) is True
    who = f"systemd keeps what comes in by {name} from the server (RestrictNetworkInterfaces of {unit.name})"
    return Finding(
        code="sandbox-denies",
        outcome=Outcome.BLOCKS if is_known else Outcome.UNKNOWN,
        title=who if is_known else f"Whether {who}",
        detail="systemd drops such packets at the server's sockets; no rule of the packet filter shows it."
        if is_known
        else f"It does where systemd was built with {BPF}, which could not be read.",
        evidence=(
            Evidence(f"systemctl show {unit.name}", f"RestrictNetworkInterfaces {unit.interfaces.text}"),
        ),
        fixes=(_interface_fix(unit, unit.interfaces, name),),
        paths=(case.way.id,),
    )


def _interface_fix(unit: Unit, listed: NameList, name: str) -> Fix:
    """Add an interface to the list, or take it out of one that keeps away; what runs keeps the old list."""
    kept = [one for one in listed.names if one != name]
    lines = [f"RestrictNetworkInterfaces={name}"]
    if listed.denies:
        more = (f"RestrictNetworkInterfaces=~{' '.join(kept)}",) if kept else ()
        lines = ["RestrictNetworkInterfaces=", *more]
    return file_fix(
        f"Let {unit.name} take connections that come in by {name}",
        unit,
        lines,
        unit.anew,
        risk=restart_risk(unit),
    )


def _programs(case: Case, chain: Chain) -> Finding:
    assert case.way is not None
    unit = chain.units[-1].name
    return Finding(
        code="sandbox-denies",
        outcome=Outcome.UNKNOWN,
        title=f"Whether {unit} gets every packet: its BPF program sees them first, and can't be judged",
        detail="IPIngressFilterPath of its unit names it: its author knows what it drops.",
        evidence=(Evidence("systemctl show", f"IPIngressFilterPath {' '.join(chain.programs)}"),),
        paths=(case.way.id,),
    )
