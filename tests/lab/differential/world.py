"""A server, its clients and a host behind it, in one process: network namespaces of one user namespace.

Run inside ``unshare -U -r -n -m``. The process lives in the server's namespace and steps into the others to
open sockets there; sockets stay where they were opened.
"""

from __future__ import annotations

import ctypes
import errno
import json
import os
import selectors
import socket
import struct
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace

CLONE_NEWNET = 0x40000000
PORTS = (22, 53, 80, 81, 443, 3000, 5000, 5001, 5353, 8000, 8080, 8443)
QUIET = 0.03
"""A ruleset's answers come within a millisecond; after this long without any, the rest is silence."""

_LIBC = ctypes.CDLL(None, use_errno=True)

SETTINGS = """
net.ipv4.icmp_ratelimit=0
net.ipv6.icmp.ratelimit=0
net.ipv4.icmp_msgs_per_sec=1000000
net.ipv4.icmp_msgs_burst=1000000
net.ipv4.ip_forward=1
net.ipv6.conf.all.forwarding=1
net.ipv6.conf.all.accept_dad=0
net.ipv6.conf.default.accept_dad=0
net.ipv4.conf.all.rp_filter=0
net.ipv4.conf.default.rp_filter=0
"""
PING = "net.ipv4.ping_group_range=0\t0\n"
ECHO_REQUEST = {4: 8, 6: 128}


@dataclass(frozen=True, slots=True)
class Link:
    """A wire from the server to another namespace: names, addresses and prefix lengths.

    With a ``port`` the device ``name`` is a bridge, and the wire ends in that port of it.
    """

    name: str
    server4: str
    server6: str
    clients4: tuple[str, ...]
    clients6: tuple[str, ...]
    port: str = ""


LAN = Link(
    "eth0", "192.168.77.10/24", "fd77::10/64",
    ("192.168.77.20", "192.168.77.21", "192.168.77.150"), ("fd77::20", "fd77::21", "fd77::150"),
)  # fmt: skip
BRIDGED = replace(LAN, name="br0", port="eth0")
SECOND = Link("eth1", "10.20.0.1/16", "fd20::1/64", ("10.20.0.9", "10.20.5.5"), ("fd20::9", "fd20::5:5"))
INNER = Link("br-app", "172.17.0.1/16", "fd17::1/64", ("172.17.0.2",), ("fd17::2",), "vethapp")


def run(argv: Sequence[str], text: str | None = None) -> bytes:
    """Run a tool; raises with what it said when it fails."""
    done = subprocess.run(
        argv, input=text.encode() if text is not None else None, capture_output=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(argv)}: {done.stderr.decode(errors='replace')[:500]}")
    return done.stdout


@dataclass(frozen=True, slots=True)
class Attempt:
    """One connection that a client tries: of TCP or UDP, or an ICMP echo (whose number is ``source_port``)."""

    link: Link
    source: str
    destination: str
    source_port: int
    port: int
    protocol: str = "tcp"


@dataclass(slots=True)
class _Try:
    attempt: Attempt
    socket: socket.socket
    state: str = "connecting"
    outcome: str | None = None


class World:
    """Three namespaces and everything that listens in them; ``lan`` is the wire of the first clients."""

    def __init__(self, lan: Link = LAN) -> None:
        self.links = (lan, SECOND, INNER)
        self.server = _current()
        _apply(SETTINGS)
        run(["ip", "link", "set", "lo", "up"])
        self.clients = self._namespace()
        self.inner = self._namespace()
        macs: dict[str, tuple[str, str]] = {}
        for link, namespace in zip(self.links, (self.clients, self.clients, self.inner), strict=True):
            macs[link.name] = self._wire(link, namespace)
        self.macs = macs
        with self.inside(self.clients):
            for family, near, other in (
                ("-4", LAN.server4, SECOND.server4),
                ("-6", LAN.server6, SECOND.server6),
            ):
                run(["ip", family, "route", "add", "default", "via", near.split("/")[0]])
                network = "10.20.0.0/16" if family == "-4" else "fd20::/64"
                run(["ip", family, "rule", "add", "from", network, "lookup", "20"])
                run(["ip", family, "route", "add", "default", "via", other.split("/")[0], "table", "20"])
        with self.inside(self.inner):
            run(["ip", "route", "add", "default", "via", "172.17.0.1"])
            run(["ip", "-6", "route", "add", "default", "via", "fd17::1"])
        self._selector = selectors.DefaultSelector()
        served = {
            self.server: [one for link in self.links for one in (link.server4, link.server6)],
            self.inner: [*INNER.clients4, *INNER.clients6],
        }
        for namespace, addresses in served.items():
            with self.inside(namespace):
                self._listen()
                self._echo_datagrams([one.split("/")[0] for one in addresses])

    def _namespace(self) -> int:
        with self.inside(self.server):
            if _LIBC.unshare(CLONE_NEWNET):
                raise OSError(ctypes.get_errno(), "unshare")
            _apply("net.ipv6.conf.all.accept_dad=0\nnet.ipv6.conf.default.accept_dad=0\n" + PING)
            run(["ip", "link", "set", "lo", "up"])
            return _current()

    @contextmanager
    def inside(self, namespace: int) -> Iterator[None]:
        """Be in a namespace for a while."""
        _enter(namespace)
        try:
            yield
        finally:
            _enter(self.server)

    def _wire(self, link: Link, namespace: int) -> tuple[str, str]:
        near, far = link.port or link.name, f"{link.name}-far"
        run(["ip", "link", "add", near, "type", "veth", "peer", "name", far])
        run(["ip", "link", "set", far, "netns", f"/proc/{os.getpid()}/fd/{namespace}"])
        if link.port:
            run(
                [
                    "ip",
                    "link",
                    "add",
                    link.name,
                    "type",
                    "bridge",
                    "forward_delay",
                    "0",
                    "mcast_snooping",
                    "0",
                ]
            )
            run(["ip", "link", "set", link.port, "master", link.name, "up"])
        near_mac = _set_up(link.name, (link.server4, link.server6))
        lengths = (link.server4.split("/")[1], link.server6.split("/")[1])
        with self.inside(namespace):
            addresses = [f"{one}/{lengths[0]}" for one in link.clients4]
            addresses += [f"{one}/{lengths[1]}" for one in link.clients6]
            far_mac = _set_up(far, addresses)
            for address in (link.server4, link.server6):
                _neighbour(address.split("/")[0], near_mac, far)
        for client in (*link.clients4, *link.clients6):
            _neighbour(client, far_mac, link.name)
        return near_mac, far_mac

    def _listen(self) -> None:
        for port in PORTS:
            for family, address in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")):
                listener = socket.socket(family, socket.SOCK_STREAM)
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                if family == socket.AF_INET6:
                    listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                listener.bind((address, port))
                listener.listen(1024)
                listener.setblocking(False)
                self._selector.register(listener, selectors.EVENT_READ, "listener")

    def _echo_datagrams(self, addresses: Sequence[str]) -> None:
        """A socket for each address, so that each answer comes from the address that was written to."""
        for port in PORTS:
            for address in addresses:
                family = socket.AF_INET6 if ":" in address else socket.AF_INET
                echo = socket.socket(family, socket.SOCK_DGRAM)
                echo.bind((address, port))
                echo.setblocking(False)
                self._selector.register(echo, selectors.EVENT_READ, "datagrams")

    def try_all(self, attempts: Sequence[Attempt]) -> list[str]:
        """Try every connection at once; for each: ``accept`` (data came back), ``reject`` or ``drop``."""
        with self.inside(self.clients):
            tries = [self._start(attempt) for attempt in attempts]
        served: list[socket.socket] = []
        quiet_since = time.monotonic()
        while time.monotonic() - quiet_since < QUIET and any(one.outcome is None for one in tries):
            for key, _ in self._selector.select(QUIET / 3):
                quiet_since = time.monotonic()
                self._step(key, served)
        for one in tries:
            self._finish(one)
        for open_socket in served:
            self._close(open_socket)
        return [one.outcome or "drop" for one in tries]

    def _start(self, attempt: Attempt) -> _Try:
        is_ipv6 = ":" in attempt.source
        client = _socket(attempt.protocol, is_ipv6=is_ipv6)
        client.setblocking(False)
        if is_ipv6:
            client.setsockopt(socket.IPPROTO_IPV6, 25, 1)  # IPV6_RECVERR
        else:
            client.setsockopt(socket.IPPROTO_IP, 11, 1)  # IP_RECVERR
        client.bind((attempt.source, attempt.source_port))
        one = _Try(attempt, client)
        try:
            client.connect((attempt.destination, attempt.port))
            if attempt.protocol != "tcp":
                one.state = "connected"
                client.send(_request(attempt.protocol, is_ipv6=is_ipv6))
        except BlockingIOError:
            pass
        except OSError as error:
            one.outcome = _outcome(error.errno)
            return one
        event = selectors.EVENT_READ if one.state == "connected" else selectors.EVENT_WRITE
        self._selector.register(client, event, one)
        return one

    def _step(self, key: selectors.SelectorKey, served: list[socket.socket]) -> None:
        found = key.fileobj
        assert isinstance(found, socket.socket)
        if key.data == "listener":
            connection, _ = found.accept()
            connection.setblocking(False)
            served.append(connection)
            self._selector.register(connection, selectors.EVENT_READ, "served")
        elif key.data == "datagrams":
            data, sender = found.recvfrom(100)
            with suppress(OSError):
                found.sendto(data, sender)
        elif key.data == "served":
            self._echo(found)
        elif isinstance(key.data, _Try):
            self._advance(key.data)

    def _echo(self, connection: socket.socket) -> None:
        try:
            data = connection.recv(100)
            if data:
                connection.send(data)
                return
        except OSError:
            pass
        self._selector.unregister(connection)

    def _advance(self, one: _Try) -> None:
        problem = one.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if problem:
            one.outcome = _outcome(problem)
        elif one.state == "connecting":
            one.state = "connected"
            one.socket.send(b"hello")
            self._selector.modify(one.socket, selectors.EVENT_READ, one)
            return
        else:
            try:
                one.outcome = "accept" if one.socket.recv(100) else "reject"
            except OSError as error:
                one.outcome = _outcome(error.errno)
        self._selector.unregister(one.socket)

    def _finish(self, one: _Try) -> None:
        if one.outcome is None:
            problem = one.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            one.outcome = _outcome(problem) if problem else "drop"
            self._selector.unregister(one.socket)
        elif one.socket.fileno() in {key.fd for key in self._selector.get_map().values()}:
            self._selector.unregister(one.socket)
        one.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        one.socket.close()

    def _close(self, connection: socket.socket) -> None:
        if connection.fileno() in {key.fd for key in self._selector.get_map().values()}:
            self._selector.unregister(connection)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()


def _socket(protocol: str, *, is_ipv6: bool) -> socket.socket:
    family = socket.AF_INET6 if is_ipv6 else socket.AF_INET
    if protocol == "icmp":
        number = socket.IPPROTO_ICMPV6 if is_ipv6 else socket.IPPROTO_ICMP
        return socket.socket(family, socket.SOCK_DGRAM, number)
    return socket.socket(family, socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM)


def _request(protocol: str, *, is_ipv6: bool) -> bytes:
    """What is sent: the kernel fills in number and checksum of an echo."""
    return (
        bytes((ECHO_REQUEST[6 if is_ipv6 else 4], 0, 0, 0, 0, 0, 0, 1)) + b"hello"
        if protocol == "icmp"
        else b"hello"
    )


def _outcome(number: int | None) -> str:
    return "drop" if number in (errno.ETIMEDOUT, errno.EINPROGRESS) else "reject"


def _current() -> int:
    return os.open("/proc/self/ns/net", os.O_RDONLY)


def _enter(namespace: int) -> None:
    if _LIBC.setns(namespace, CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns")


def _apply(settings: str) -> None:
    for line in settings.split("\n"):
        if not line:
            continue
        name, _, value = line.partition("=")
        with open(f"/proc/sys/{name.replace('.', '/')}", "w") as file:
            file.write(value)


def _set_up(name: str, addresses: Sequence[str]) -> str:
    run(["ip", "link", "set", name, "up"])
    for address in addresses:
        run(["ip", "addr", "add", address, "dev", name, *(["nodad"] if ":" in address else [])])
    (found,) = json.loads(run(["ip", "-j", "link", "show", "dev", name]))
    return str(found["address"])


def _neighbour(address: str, mac: str, device: str) -> None:
    run(["ip", "neigh", "replace", address, "lladdr", mac, "dev", device, "nud", "permanent"])
