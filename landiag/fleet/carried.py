"""A port that a program takes and carries into a container: who takes it there (docker-proxy, pasta, rootlessport)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from landiag.journey.binding import bind_among, why_not
from landiag.journey.inside import namespace_with
from landiag.model.causes.listening import BOUND_TO_LOOPBACK, PORT_REDIRECTED
from landiag.model.facts import Socket, Unknown
from landiag.model.host import Facts
from landiag.model.process import Namespace
from landiag.servers.carried import Carried, place_of
from landiag.servers.relays import relay_of


def why_stranded(facts: Facts, served: Iterable[Socket]) -> str | None:
    """The code of why what these sockets take ends in a container; None where it does not, or nobody can tell."""
    served = tuple(served)
    places = {place_of(facts.owners(socket), socket.port) for socket in served}
    place = places.pop() if len(places) == 1 else None
    if place is not None:
        return _by_address(facts, place) if place.ip is not None else _by_port(facts, place.port)
    inside = next((one for socket in served for one in _of_relays(facts, socket)), None)
    return None if inside is None or isinstance(inside.sockets, Unknown) else _closed(inside.sockets)


def _of_relays(facts: Facts, socket: Socket) -> Iterator[Namespace]:
    """The containers' networks in which the engines' programs live that hold a socket of this machine."""
    others = () if isinstance(facts.namespaces, Unknown) else facts.namespaces
    names = {one.namespace for one in facts.owners(socket) if relay_of(one) is not None}
    return (one for one in others if one.name in names)


def _by_address(facts: Facts, place: Carried) -> str | None:
    namespace = namespace_with(facts, place.ip)
    if namespace is None or place.ip is None or isinstance(namespace.sockets, Unknown):
        return None
    inside = bind_among(namespace.sockets, place.ip, place.port, None)
    if inside.serving or inside.perhaps:
        return None
    return PORT_REDIRECTED.code if inside.is_free else why_not(inside.others[0], None)


def _by_port(facts: Facts, port: int) -> str | None:
    """Where no address is named, a server on loopback alone is reached by nothing from outside."""
    namespaces = () if isinstance(facts.namespaces, Unknown) else facts.namespaces
    known = (one.sockets for one in namespaces if not isinstance(one.sockets, Unknown))
    return _closed([socket for sockets in known for socket in sockets if socket.port == port])


def _closed(inside: Sequence[Socket]) -> str | None:
    is_closed = bool(inside) and all(socket.address.is_loopback for socket in inside)
    return BOUND_TO_LOOPBACK.code if is_closed else None
