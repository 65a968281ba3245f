"""What name servers and mDNS say about a name, asked directly (RFC 1035, RFC 6762).

The system resolver mixes files, caches and servers; asked beside it, they show where an answer comes from.
"""

from __future__ import annotations

import os
import selectors
import socket
import struct
import sys
from collections.abc import Mapping

from msgspec import Struct

from landiag.collect.exchanges.dns import Answers, NameServers
from landiag.collect.exchanges.transcript import encode
from landiag.wire.deadline import Deadline
from landiag.wire.dns_message import TYPES, parse_reply, question
from landiag.wire.sockets import family_of, sockaddr

_MDNS = ("224.0.0.251", 5353)


def ask_name_servers(params: Mapping[str, str], timeout: float) -> bytes:
    """Ask each of ``servers`` (commas between them, may be empty) for ``name``; with ``mdns`` 1 also mDNS.

    All are asked at once, twice where they do not answer.
    """
    name = params["name"]
    servers = [server for server in params.get("servers", "").split(",") if server][:3]
    places = [(server, (server, 53)) for server in servers if _is_address(server)]
    if params.get("mdns") == "1":
        places.append(("mdns", _MDNS))
    deadline = Deadline.after(timeout)
    asked = [_Asked.of(server, place, name) for server, place in places]
    try:
        _exchange(asked, deadline)
    finally:
        for one in asked:
            one.close()
    return encode(NameServers(name, tuple(one.answers() for one in asked)))


def _is_address(text: str) -> bool:
    try:
        family_of(text.partition("%")[0])
    except ValueError:
        return False
    return True


class _Asked(Struct):
    """One server, the socket to it, and what came."""

    server: str
    place: tuple[str, int]
    name: str
    sock: socket.socket | None
    identifier: int
    replies: dict[int, tuple[tuple[str, ...], str | None]]
    error: str | None = None

    @classmethod
    def of(cls, server: str, place: tuple[str, int], name: str) -> _Asked:
        asked = cls(server, place, name, None, int.from_bytes(os.urandom(2), "big") & 0xFFFE, {})
        try:
            asked.sock = socket.socket(family_of(place[0].partition("%")[0]), socket.SOCK_DGRAM)
            asked.sock.setblocking(False)
        except OSError as error:
            asked.error = error.strerror
        return asked

    def send(self) -> None:
        """Ask for both families, those that are not answered."""
        multicast = self.server == "mdns"
        for number, kind in enumerate(TYPES):
            if self.sock is None or kind in self.replies:
                continue
            packet = question(0 if multicast else self.identifier + number, self.name, kind, multicast)
            self.error = _send_everywhere(self.sock, packet) if multicast else self._send(packet)

    def _send(self, packet: bytes) -> str | None:
        """Send one question; what this machine said where it could not."""
        assert self.sock is not None
        try:
            self.sock.sendto(packet, sockaddr(*self.place))
        except OSError as error:
            return error.strerror
        return None

    def take(self) -> None:
        """Take what came."""
        while self.sock is not None:
            try:
                data = self.sock.recv(9000)
            except BlockingIOError:
                return
            except OSError as error:
                self.error = error.strerror
                return
            for kind in TYPES if self.server == "mdns" else self._expected(data):
                addresses, error_word = parse_reply(data, kind)
                if addresses or self.server != "mdns":
                    self.replies[kind] = (addresses, error_word)

    def _expected(self, data: bytes) -> list[int]:
        number = int.from_bytes(data[:2], "big") - self.identifier
        return [list(TYPES)[number]] if number in (0, 1) else []

    def finished(self) -> bool:
        """Whether nothing more is expected: both families, or one of them by multicast."""
        return self.sock is None or len(self.replies) >= (1 if self.server == "mdns" else len(TYPES))

    def answers(self) -> Answers:
        """What it said in all."""
        addresses = tuple(address for found, _ in self.replies.values() for address in found)
        error = next((error for _, error in self.replies.values() if error), None)
        if addresses or self.replies:
            return Answers(self.server, addresses, None if addresses else error or "no-address")
        return Answers(self.server, (), self.error or "no-answer")

    def close(self) -> None:
        """Close the socket."""
        if self.sock is not None:
            self.sock.close()


def _send_everywhere(sock: socket.socket, packet: bytes) -> str | None:
    """Send a question to the group on every link: the default route, if any, may lead into a tunnel.

    What this machine said is returned where no link took it.
    """
    said: str | None = None
    taken = False
    for index in _links():
        try:
            if index:
                chosen = struct.pack("@4s4si", bytes(4), bytes(4), index)  # struct ip_mreqn, ip(7)
                sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, chosen)
            sock.sendto(packet, _MDNS)
            taken = True
        except OSError as error:
            said = error.strerror
    return None if taken else said


def _links() -> tuple[int, ...]:
    """The indexes of all interfaces but the loopback; 0 where the system chooses."""
    if sys.platform == "win32":
        return (0,)
    return tuple(index for index, name in socket.if_nameindex() if not name.startswith("lo")) or (0,)


def _exchange(asked: list[_Asked], deadline: Deadline) -> None:
    """Ask all, wait for half of the time, ask the silent ones again, wait for the rest."""
    with selectors.DefaultSelector() as selector:
        for one in asked:
            if one.sock is not None:
                selector.register(one.sock, selectors.EVENT_READ, one)
        for share in (0.5, 1.0):
            until = Deadline(deadline.begin + share * (deadline.end - deadline.begin))
            for one in asked:
                if not one.finished():
                    one.send()
            while until.left() and not all(one.finished() for one in asked):
                for key, _ in selector.select(until.left()):
                    key.data.take()
