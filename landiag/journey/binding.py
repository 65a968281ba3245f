"""Which listening socket takes a connection, and what is in the way when none does.

The kernel looks for the most specific socket: the address, then the wildcard address; a socket tied to a
device takes only what comes in there (inet_lookup_listener in the Linux kernel; socket(7), ipv6(7)).
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from landiag.model.causes.listening import (
    BOUND_TO_DEVICE,
    BOUND_TO_IPV4_ONLY,
    BOUND_TO_IPV6_ONLY,
    BOUND_TO_LOOPBACK,
    BOUND_TO_OTHER_ADDRESS,
)
from landiag.model.facts import Family, Interface, IPAddress, Socket, Unknown
from landiag.model.host import Facts
from landiag.model.urls import bracketed


class Binding(Struct, frozen=True):
    """The sockets of one port, seen from one address of ours.

    ``serving`` take connections to it; ``perhaps`` would if they also serve IPv4, which nobody told;
    ``others`` listen on the port but do not take them.
    """

    port: int
    serving: tuple[Socket, ...]
    perhaps: tuple[Socket, ...]
    others: tuple[Socket, ...]

    @property
    def is_free(self) -> bool:
        """Whether nothing listens on the port at all."""
        return not (self.serving or self.perhaps or self.others)


def find_binding(facts: Facts, ip: IPAddress, port: int, interface: Interface | None) -> Binding | Unknown:
    """Find what listens for connections to this address and port that come in by this interface."""
    if isinstance(facts.sockets, Unknown):
        return facts.sockets
    return bind_among(facts.sockets, ip, port, interface)


def bind_among(sockets: Iterable[Socket], ip: IPAddress, port: int, interface: Interface | None) -> Binding:
    """Sort the sockets of a port by whether they take connections to this address."""
    serving: list[Socket] = []
    perhaps: list[Socket] = []
    others: list[Socket] = []
    for socket in sockets:
        if socket.port == port:
            takes = takes_connections(socket, ip, interface)
            (serving if takes else perhaps if takes is None else others).append(socket)
    return Binding(port, tuple(serving), tuple(perhaps), tuple(others))


def takes_connections(socket: Socket, ip: IPAddress, interface: Interface | None) -> bool | None:
    """Whether a socket takes connections to this address; None when only a setting that decides is unknown."""
    from_there = True if interface is None else _takes_from(socket, interface)
    here = socket.serves(Family(ip.version)) if socket.address.is_unspecified else socket.address == ip
    if from_there is False or here is False:
        return False
    return None if from_there is None or here is None else True


def _takes_from(socket: Socket, interface: Interface) -> bool | None:
    """Whether the device that a socket is tied to, or that it is tied to none, lets it take what comes in there."""
    if socket.device is None:
        return None if interface.tied_only is None else not interface.tied_only
    return socket.device in (interface.name, interface.master)


def why_not(socket: Socket, interface: Interface | None) -> str:
    """The code of the contract that says why a socket of the right port does not take connections."""
    if socket.address.is_loopback:
        return BOUND_TO_LOOPBACK.code
    if interface is not None and _takes_from(socket, interface) is False:
        return BOUND_TO_DEVICE.code
    if socket.address.is_unspecified:
        return BOUND_TO_IPV6_ONLY.code if socket.family is Family.IPV6 else BOUND_TO_IPV4_ONLY.code
    return BOUND_TO_OTHER_ADDRESS.code


def describe_address(socket: Socket) -> str:
    """Write a socket's address as a person reads it: ``127.0.0.1:5000``, ``[::]:5000 (IPv6 only)``."""
    device = f"%{socket.device}" if socket.device else ""
    kind = ""
    if socket.address.is_unspecified and socket.family is Family.IPV6:
        kind = {True: " (IPv6 only)", False: " (IPv4 and IPv6)", None: ""}[socket.v6only]
    return f"{bracketed(socket.address)}{device}:{socket.port}{kind}"
