"""Echo requests: by unprivileged datagram sockets where allowed, raw sockets, else the ping command.

Silence proves nothing: hosts and firewalls drop echo requests while TCP works.
"""

from __future__ import annotations

import errno
import os
import re
import selectors
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Mapping

from msgspec import Struct, field

from landiag.probe import errqueue
from landiag.probe.errqueue import IcmpError
from landiag.probe.sockets import bind_source, error_name, family_of, sockaddr
from landiag.probe.transcript import Deadline, decode, encode

_ICMPV6 = 58
_HEADER = struct.Struct("!BBHHH")  # type, code, checksum, identifier, sequence (RFC 792, RFC 4443)
_REQUEST = {socket.AF_INET: 8, socket.AF_INET6: 128}
_REPLY = {socket.AF_INET: 0, socket.AF_INET6: 129}


class Ping(Struct, frozen=True):
    """What came back for echo requests. ``rtts`` in seconds, one a reply, in the order they came.

    ``method`` is ``datagram``, ``raw``, ``command`` or ``none``; ``errors`` are the ICMP errors that came
    instead; ``error`` names what this machine itself said (``EMSGSIZE``, ``ENETUNREACH``...).
    """

    address: str
    method: str
    sent: int
    rtts: tuple[float, ...] = ()
    errors: tuple[IcmpError, ...] = ()
    error: str | None = None
    size: int = 56

    @property
    def received(self) -> int:
        """How many replies came."""
        return len(self.rtts)

    @property
    def loss(self) -> float | None:
        """The share of requests without a reply, 0 to 1; None when none was sent."""
        return None if self.sent == 0 else 1 - min(1.0, self.received / self.sent)


def parse_ping(text: str) -> Ping:
    """The transcript that ``ping`` wrote. Raises ParseError."""
    return decode(text, Ping)


def ping(params: Mapping[str, str], timeout: float) -> bytes:
    """Send ``count`` (3) echo requests to ``address``, ``interval`` (0.2) seconds apart.

    ``wait`` (1) seconds for the last reply; ``size`` (56) bytes of payload; ``df`` 1 forbids fragments;
    ``source`` and ``interface`` say where to leave from. Never raises for what the network does.
    """
    plan = _Plan.of(params, timeout)
    try:
        sock, method = _open(plan, params)
    except (OSError, ValueError) as error:
        refused = isinstance(error, PermissionError) or getattr(error, "errno", None) in _NO_SUCH_SOCKET
        return encode(_by_command(plan, timeout) if refused else _failed(plan, error))
    with sock:
        return encode(_Echo(sock, method, plan).run())


_NO_SUCH_SOCKET = (errno.EPROTONOSUPPORT, errno.EAFNOSUPPORT)


class _Plan(Struct, frozen=True):
    """What was asked for, in numbers."""

    address: str
    count: int
    interval: float
    size: int
    dont_fragment: bool
    deadline: Deadline

    @classmethod
    def of(cls, params: Mapping[str, str], timeout: float) -> _Plan:
        count = max(1, int(params.get("count", "3")))
        interval = float(params.get("interval", "0.2"))
        wait = float(params.get("wait", "1"))
        deadline = Deadline.after(min(timeout, (count - 1) * interval + wait))
        size = max(16, int(params.get("size", "56")))
        return cls(params["address"], count, interval, size, params.get("df") == "1", deadline)


def _failed(plan: _Plan, error: OSError | ValueError) -> Ping:
    name = error_name(error.errno or 0) if isinstance(error, OSError) else str(error)
    return Ping(plan.address, "none", 0, error=name, size=plan.size)


def _open(plan: _Plan, params: Mapping[str, str]) -> tuple[socket.socket, str]:
    """A socket that may send echo requests. Raises OSError (PermissionError where only root may)."""
    family = family_of(plan.address)
    protocol = _ICMPV6 if family == socket.AF_INET6 else socket.IPPROTO_ICMP
    try:
        sock, method = socket.socket(family, socket.SOCK_DGRAM, protocol), "datagram"
    except OSError:
        sock, method = socket.socket(family, socket.SOCK_RAW, protocol), "raw"
    try:
        sock.setblocking(False)
        errqueue.enable(sock)
        if plan.dont_fragment:
            forbid_fragments(sock)
        bind_source(sock, params)
    except OSError:
        sock.close()
        raise
    return sock, method


def forbid_fragments(sock: socket.socket) -> None:
    """Set Don't Fragment, and ignore what the kernel remembers of the path (IP_PMTUDISC_PROBE on Linux).

    Raises OSError where the system has no such option.
    """
    six = sock.family == socket.AF_INET6
    level = socket.IPPROTO_IPV6 if six else socket.IPPROTO_IP
    option, value = {"linux": (23 if six else 10, 3), "win32": (14, 1)}.get(
        sys.platform, (62 if six else 28, 1)
    )
    sock.setsockopt(level, option, value)


class _Echo(Struct):
    """One run of requests and replies."""

    sock: socket.socket
    method: str
    plan: _Plan
    token: bytes = field(default_factory=lambda: os.urandom(8))
    sent: dict[int, float] = field(default_factory=dict)
    rtts: dict[int, float] = field(default_factory=dict)
    errors: list[IcmpError] = field(default_factory=list)
    error: str | None = None

    def run(self) -> Ping:
        """Send all, and wait until each is answered or time is up."""
        plan, began = self.plan, time.monotonic()
        with selectors.DefaultSelector() as selector:
            selector.register(self.sock, selectors.EVENT_READ)
            while plan.deadline.left() and len(self.rtts) + len(self.errors) < plan.count:
                due = began + len(self.sent) * plan.interval
                if len(self.sent) < plan.count and time.monotonic() >= due:
                    if not self._send(len(self.sent) + 1):
                        break
                    continue
                until = due - time.monotonic() if len(self.sent) < plan.count else plan.deadline.left()
                if selector.select(plan.deadline.left(max(0.0, until))):
                    self._take()
        return Ping(
            plan.address,
            self.method,
            len(self.sent),
            tuple(self.rtts.values()),
            tuple(self.errors),
            self.error,
            plan.size,
        )

    def _send(self, sequence: int) -> bool:
        """Send one request; False when this machine refuses, which a second would not change."""
        packet = echo_request(self.sock.family, os.getpid() & 0xFFFF, sequence, self._payload())
        try:
            self.sock.sendto(packet, sockaddr(self.plan.address, 0))
        except BlockingIOError:
            return True
        except OSError as error:
            self._take_errors()
            self.error = error_name(error.errno or 0)
            return False
        self.sent[sequence] = time.monotonic()
        return True

    def _payload(self) -> bytes:
        return self.token + bytes(self.plan.size - len(self.token))

    def _take(self) -> None:
        """Take every reply and every ICMP error that waits."""
        self._take_errors()
        while True:
            try:
                data = self.sock.recv(65536)
            except OSError:
                return
            now = time.monotonic()
            sequence = reply_sequence(self.sock.family, data, self.token)
            if sequence in self.sent:
                self.rtts.setdefault(sequence, round(now - self.sent[sequence], 6))

    def _take_errors(self) -> None:
        while icmp := errqueue.read(self.sock):
            self.errors.append(icmp)


def echo_request(family: int, identifier: int, sequence: int, payload: bytes) -> bytes:
    """An echo request. The kernel fills in the checksum of ICMPv6, which covers addresses we do not know."""
    kind = _REQUEST[socket.AddressFamily(family)]
    packet = _HEADER.pack(kind, 0, 0, identifier, sequence) + payload
    if family == socket.AF_INET6:
        return packet
    return _HEADER.pack(kind, 0, checksum(packet), identifier, sequence) + payload


def checksum(data: bytes) -> int:
    """The Internet checksum (RFC 1071)."""
    padded = data + b"\0" * (len(data) % 2)
    total: int = sum(struct.unpack(f"!{len(padded) // 2}H", padded))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def reply_sequence(family: int, data: bytes, token: bytes) -> int | None:
    """The sequence number of our reply; None for anything else. An IPv4 header before it is skipped."""
    if family == socket.AF_INET and data[:1] and data[0] >> 4 == 4:
        data = data[(data[0] & 0x0F) * 4 :]
    if len(data) < _HEADER.size + len(token) or data[_HEADER.size :][: len(token)] != token:
        return None
    sequence = int.from_bytes(data[6:8], "big")
    return sequence if data[0] == _REPLY[socket.AddressFamily(family)] else None


def _by_command(plan: _Plan, timeout: float) -> Ping:
    """The last resort: the system's own ping, which may what we may not."""
    from landiag.host.live import SAFE_PATH, find_program

    path = (
        (os.path.join(os.environ.get("SYSTEMROOT", r"C:\Windows"), "System32"),)
        if os.name == "nt"
        else SAFE_PATH
    )
    program = find_program("ping.exe" if os.name == "nt" else "ping", path)
    if program is None:
        return Ping(plan.address, "none", 0, error="EPERM", size=plan.size)
    try:
        done = subprocess.run(
            [program, *ping_arguments(plan.address, plan.count, plan.size)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=max(0.1, timeout),
            check=False,
            env={**os.environ, "LC_ALL": "C"},
        )
        output = done.stdout
    except subprocess.TimeoutExpired as late:
        output = late.stdout or b""
    except OSError as error:
        return _failed(plan, error)
    rtts = parse_ping_output(output.decode("utf-8", "replace"))[: plan.count]
    return Ping(plan.address, "command", plan.count, rtts, size=plan.size)


def ping_arguments(address: str, count: int, size: int) -> list[str]:
    """The arguments of this system's ping command."""
    if sys.platform == "win32":
        return ["-n", str(count), "-w", "1000", "-l", str(size), address]
    return ["-n", "-c", str(count), "-s", str(size), address]


def parse_ping_output(text: str) -> tuple[float, ...]:
    """The round-trip times in ping's output, in seconds; in any language they stand before ``ms``."""
    replies = re.findall(
        r"[=<] ?(\d+(?:[.,]\d+)?) ?ms\b(?=.*\b(?:ttl|hlim)\b|\s*$)", text, re.IGNORECASE | re.MULTILINE
    )
    return tuple(round(float(number.replace(",", ".")) / 1000, 6) for number in replies)
