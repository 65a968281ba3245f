"""Echo requests: by unprivileged datagram sockets where allowed, raw sockets, else the ping command.

Silence proves nothing: hosts and firewalls drop echo requests while TCP works.
"""

from __future__ import annotations

import errno
import os
import selectors
import socket
import sys
import time
from collections.abc import Mapping

from msgspec import Struct, field

from landiag.collect.exchanges.icmp import Ping
from landiag.collect.exchanges.icmp_error import IcmpError
from landiag.collect.exchanges.transcript import encode
from landiag.wire import errqueue
from landiag.wire.deadline import Deadline
from landiag.wire.echo import echo_request, reply_sequence
from landiag.wire.ping_command import ping_by_command
from landiag.wire.sockets import bind_source, error_name, family_of, sockaddr

_ICMPV6 = 58


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
        if refused:
            return encode(ping_by_command(plan.address, plan.count, plan.size, timeout))
        return encode(_failed(plan, error))
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
