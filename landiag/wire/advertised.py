"""One question that clients of a protocol ask when they connect: where are they told to go on?"""

from __future__ import annotations

import selectors
import socket
from collections.abc import Mapping

from landiag.collect.exchanges.advertised import REQUESTS, Advertised, CutError, Place, parse_places
from landiag.collect.exchanges.transcript import encode
from landiag.model.facts import ParseError
from landiag.wire.deadline import Deadline
from landiag.wire.tcp import open_connection

_MOST_BYTES = 256 * 1024


def advertised(params: Mapping[str, str], timeout: float) -> bytes:
    """Ask ``address`` and ``port`` in the words of ``protocol``. Never raises for what the network does."""
    address, port, protocol = params["address"], int(params["port"]), params["protocol"]
    deadline = Deadline.after(timeout)
    _, sock = open_connection(address, port, deadline.left(), params)
    places = None
    if sock is not None:
        with sock:
            places = _ask(sock, protocol, deadline)
    return encode(Advertised(address, port, protocol, places))


def _ask(sock: socket.socket, protocol: str, deadline: Deadline) -> tuple[Place, ...] | None:
    """The places that the answer names; None where none came that is understood."""
    data = b""
    try:
        sock.sendall(REQUESTS[protocol])
        with selectors.DefaultSelector() as selector:
            selector.register(sock, selectors.EVENT_READ)
            while len(data) < _MOST_BYTES and selector.select(deadline.left()):
                more = sock.recv(65536)
                if not more:
                    return None
                data += more
                try:
                    return parse_places(protocol, data)
                except CutError:
                    continue
    except (OSError, ParseError):
        return None
    return None
