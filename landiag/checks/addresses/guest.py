"""A virtual machine (or a rootless container) behind its host's own NAT: what that passes on can't be seen inside."""

from __future__ import annotations

from landiag.checks import words
from landiag.checks.case import Case
from landiag.collect.guests import Nat
from landiag.journey.ways import Way
from landiag.model.report import Evidence, Finding, Fix, Outcome


def check_guest(case: Case, way: Way) -> list[Finding]:
    """Say that the host decides who gets in; empty where it does not stand in front."""
    nat = None if way.front is None else way.front.nat
    if nat is None:
        return []
    kind = "container" if case.machine.info.environment == "container" else "virtual machine"
    gateway = nat.gateway
    return [
        Finding(
            code="port-not-forwarded",
            outcome=Outcome.UNKNOWN,
            title=f"Whether other devices reach this {kind}: it{_IS[nat.is_certain]} behind the NAT of its host",
            detail=_detail(nat, way),
            evidence=(
                Evidence(words.neighbours(case), f"{gateway.address} lladdr {gateway.mac or 'not known'}"),
            ),
            fixes=(
                Fix("Forward the port on the host", needs="user-action", steps=_steps(case, nat, way, kind)),
            ),
            paths=(way.id,),
        )
    ]


_IS = {True: "'s", False: " may be"}


def _detail(nat: Nat, way: Way) -> str:
    come = (
        f"no other device reaches {way.ip}: they come by the host, and what it forwards can't be seen here."
    )
    if nat.is_certain:
        return come[0].upper() + come[1:]
    looks = f"Its gateway {nat.gateway.address} looks like {nat.network.title}. If it is that, {come}"
    bridged = "On a bridged network with a virtual router they do reach it."
    return f"{looks} {bridged}" if nat.gateway.mac is not None else looks


def _steps(case: Case, nat: Nat, way: Way, kind: str) -> tuple[str, ...]:
    port = case.port
    steps = (
        f"In the settings of the {kind} (on its host), forward port {port} of all the host's addresses to "
        f"port {port} here; or give its network card a bridge to the network. "
        f"{nat.network.host.format(port=port, ip=way.ip)}",
        f"Where that is done already, open the host's address on the other device: http://HOST:{port}/",
    )
    bridged = f"Where its network is bridged already, open http://{way.ip}:{port}/ on the other device."
    return steps if nat.is_certain else (*steps, bridged)
