"""A server of IPv4 on a machine without an IPv4 address for clients: the address is missing."""

from __future__ import annotations

from ipaddress import ip_address

from landiag.checks import words
from landiag.checks.case import Case
from landiag.checks.fixes.restart import listen_fixes
from landiag.checks.listening.owners import name_owner, owner_evidence, subject
from landiag.model.facts import Family, Socket
from landiag.model.report import Evidence, Finding, Fix, Outcome
from landiag.model.terms import Symptom


def find_stranded(case: Case) -> tuple[Socket, ...]:
    """List the sockets that wait for clients by IPv4 where this machine has an address of IPv6 alone.

    Empty where one socket serves IPv6 or may do so, where a way by IPv4 is there, and where the user asked for an
    address of IPv6. A server on loopback is not stranded: no address would help it. Nor is one of IPv6 where clients
    come by IPv4 alone: on most networks that is how it is.
    """
    asked = case.target.address
    if asked is not None and ip_address(asked).version == 6:
        return ()
    if any(way.family is Family.IPV4 for way in case.ways):
        return ()
    if any(socket.serves(Family.IPV6) is not False for socket in case.listeners):
        return ()
    return tuple(socket for socket in case.listeners if not socket.address.is_loopback)


def check_family(case: Case) -> list[Finding]:
    """Say that the address for the server's clients is missing, where the user did not ask for that very address."""
    stranded = find_stranded(case)
    if case.way is None or not stranded or case.target.address is not None:
        return []
    who = subject(name_owner(case, stranded[0]))
    ip = case.way.ip
    return [
        Finding(
            code="no-lan-address",
            outcome=Outcome.BLOCKS,
            title=f"This machine has no IPv4 address on the network, and {who} is listening on IPv4 only",
            detail=f"Its address {ip} is one of IPv6: connections to it are refused.",
            evidence=(
                Evidence(words.addresses(case), f"{case.way.interface.name}: no IPv4 address"),
                *(owner_evidence(case, socket) for socket in stranded),
            ),
            fixes=(
                Fix(
                    "Get an IPv4 address again",
                    needs="user-action",
                    steps=("Join the network again, and wait for an address (DHCP); or set one by hand.",),
                ),
                *listen_fixes(case, stranded[0], Family.IPV6),
            ),
            paths=tuple(way.id for way in case.ways),
            symptom=Symptom.REFUSED,
        )
    ]
