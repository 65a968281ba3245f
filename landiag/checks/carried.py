"""A port that a program takes and carries into a container's network: does a server there take what comes from outside?

pasta(1): ``-t 5000-5000:80-80`` on its command line says to which port inside; docker-proxy names address and port
(``-container-ip``, ``-container-port``). What they carry reaches only sockets that do not listen on loopback there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import ip_address
from itertools import pairwise

from msgspec import Struct
from msgspec.structs import replace

from landiag.checks.case import Case
from landiag.checks.destination import Destination
from landiag.checks.inside import nobody_inside, only_itself_reaches
from landiag.checks.restart import listen_fixes
from landiag.journey.binding import Binding, describe_address
from landiag.journey.inside import namespace_with
from landiag.journey.ways import Way
from landiag.model.causes.listening import BOUND_TO_LOOPBACK
from landiag.model.facts import IPAddress, Socket, Unknown
from landiag.model.numbers import parse_port
from landiag.model.process import Process
from landiag.model.report import Evidence, Finding, Outcome
from landiag.model.terms import Symptom

_RULE = re.compile(
    r"(?:[^/]+/)?(?P<first>\d{1,5})(?:-(?P<last>\d{1,5}))?(?::(?P<inner>\d{1,5})(?:-\d{1,5})?)?", re.ASCII
)


class Carried(Struct, frozen=True):
    """Where a port is carried to; ``ip`` is None where it is whatever the container's network has."""

    port: int
    ip: IPAddress | None = None


def is_carried(case: Case) -> bool:
    """Whether such a program holds the port."""
    return any(_carried(case, one) is not None for one in case.listeners)


def find_stranded(case: Case, way: Way, binding: Binding) -> Iterator[Finding]:
    """Say that what is carried in finds no server, or one on loopback only, where no other takes it."""
    places = {_carried(case, socket) for socket in binding.serving}
    place = places.pop() if len(places) == 1 else None
    if place is not None and place.ip is not None:
        found = nobody_inside(
            case, way, Destination(place.ip, place.port, None, namespace_with(case.facts, place.ip))
        )
        yield from (replace(one, symptom=Symptom.RESET) for one in found)
    elif place is not None:
        yield from _on_loopback_inside(case, way, place)


def _on_loopback_inside(case: Case, way: Way, place: Carried) -> Iterator[Finding]:
    inside = list(_sockets_inside(case, place.port))
    if not inside or not all(socket.address.is_loopback for socket in inside):
        return
    socket = inside[0]
    yield Finding(
        code=BOUND_TO_LOOPBACK.code,
        outcome=Outcome.BLOCKS,
        title=only_itself_reaches(case, socket),
        detail=f"pasta carries port {case.port} into the container's network: in the container, listen on 0.0.0.0.",
        evidence=tuple(
            Evidence(f"ss in network namespace {one.namespace}", describe_address(one)) for one in inside
        ),
        fixes=listen_fixes(case, socket, way.family),
        paths=(way.id,),
        symptom=Symptom.RESET,  # pasta takes the connection, then finds nobody inside
    )


def _sockets_inside(case: Case, port: int) -> Iterator[Socket]:
    namespaces = () if isinstance(case.facts.namespaces, Unknown) else case.facts.namespaces
    for namespace in namespaces:
        if not isinstance(namespace.sockets, Unknown):
            yield from (socket for socket in namespace.sockets if socket.port == port)


def _carried(case: Case, socket: Socket) -> Carried | None:
    """Where a socket's connections are carried to; None where another program holds it."""
    found = (carried_to(process, socket.port) for process in case.owners(socket))
    return next((place for place in found if place is not None), None)


def carried_to(process: Process, port: int) -> Carried | None:
    """Where a process says that it carries a port of the host; None where it carries it nowhere."""
    if process.name.startswith(("pasta", "passt")):
        return _by_pasta(process.argv, port)
    named = dict(pairwise(process.argv))
    ip, inner, outer = (named.get(f"-{word}", "") for word in ("container-ip", "container-port", "host-port"))
    number = parse_port(inner)
    if named.get("-proto") != "tcp" or number is None or parse_port(outer) != port:
        return None
    try:
        return Carried(number, ip_address(ip))
    except ValueError:
        return None


def _by_pasta(argv: tuple[str, ...], port: int) -> Carried | None:
    for option, value in pairwise(argv):
        for rule in value.split(",") if option in ("-t", "--tcp-ports") else ():
            found = _RULE.fullmatch(rule)
            if found and int(found["first"]) <= port <= int(found["last"] or found["first"]):
                return Carried(int(found["inner"] or found["first"]) + port - int(found["first"]))
    return None
