"""A port that a program takes and carries into a container's network: does a server there take what comes from outside?

What they carry reaches only sockets that do not listen on loopback there. Where to, pasta and docker-proxy say on their
command lines; rootlessport holds the port and lives in the container's network itself.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from landiag.checks.case import Case
from landiag.checks.destination import Destination
from landiag.checks.fixes.restart import listen_fixes
from landiag.checks.listening.inside import nobody_inside, only_itself_reaches
from landiag.journey.binding import Binding, describe_address, find_binding
from landiag.journey.inside import namespace_with
from landiag.journey.ways import Way
from landiag.model.causes.listening import BOUND_TO_LOOPBACK
from landiag.model.facts import Socket, Unknown
from landiag.model.process import Process
from landiag.model.report import Evidence, Finding, Outcome
from landiag.model.terms import Symptom
from landiag.servers.carried import place_of
from landiag.servers.relays import relay_of


def is_carried(case: Case) -> bool:
    """Whether such a program holds the port."""
    return any(place_of(case.owners(one), one.port) or _carrier_inside(case, one) for one in case.listeners)


def is_stranded(case: Case) -> bool:
    """Whether what is carried in finds no server to take it: the program then ends the connections that it took."""
    if case.way is None:
        return False
    binding = find_binding(case.facts, case.way.ip, case.port, case.way.interface)
    return not isinstance(binding, Unknown) and any(find_stranded(case, case.way, binding))


def find_stranded(case: Case, way: Way, binding: Binding) -> Iterator[Finding]:
    """Say that what is carried in finds no server, or one on loopback only, where no other takes it."""
    places = {place_of(case.owners(socket), socket.port) for socket in binding.serving}
    place = places.pop() if len(places) == 1 else None
    if place is not None and place.ip is not None:
        found = nobody_inside(
            case, way, Destination(place.ip, place.port, None, namespace_with(case.facts, place.ip))
        )
        yield from (replace(one, symptom=Symptom.RESET) for one in found)
    elif place is not None:
        inside = [one for one in _sockets_inside(case) if one.port == place.port]
        yield from _on_loopback_inside(case, way, "pasta", inside)
    elif carrier := next(filter(None, (_carrier_inside(case, one) for one in binding.serving)), None):
        yield from _on_loopback_inside(
            case, way, carrier.name, list(_sockets_inside(case, carrier.namespace))
        )


def _on_loopback_inside(case: Case, way: Way, carrier: str, inside: list[Socket]) -> Iterator[Finding]:
    if not inside or not all(socket.address.is_loopback for socket in inside):
        return
    socket = inside[0]
    yield Finding(
        code=BOUND_TO_LOOPBACK.code,
        outcome=Outcome.BLOCKS,
        title=only_itself_reaches(case, socket),
        detail=f"{carrier} carries port {case.port} into the container's network: in the container, listen on 0.0.0.0.",
        evidence=tuple(
            Evidence(f"ss in network namespace {one.namespace}", describe_address(one)) for one in inside
        ),
        fixes=listen_fixes(case, socket, way.family),
        paths=(way.id,),
        symptom=Symptom.RESET,  # it takes the connection, then finds nobody inside
    )


def _sockets_inside(case: Case, where: str | None = None) -> Iterator[Socket]:
    """The sockets of another network namespace; of all of them where none is named."""
    namespaces = () if isinstance(case.facts.namespaces, Unknown) else case.facts.namespaces
    for namespace in namespaces:
        if where in (None, namespace.name) and not isinstance(namespace.sockets, Unknown):
            yield from namespace.sockets


def _carrier_inside(case: Case, socket: Socket) -> Process | None:
    """The engine's program that holds a socket of this machine, and lives in a container's network; None: no such."""
    mine = case.machine.namespace
    found = (one for one in case.owners(socket) if relay_of(one) is not None)
    return next((one for one in found if mine and one.namespace not in (None, mine)), None)
