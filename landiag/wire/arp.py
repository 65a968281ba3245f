"""ARP asked directly, as root on Linux: who has these addresses, and is it one machine (RFC 826)?"""

from __future__ import annotations

import contextlib
import errno
import selectors
import socket
import struct
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from ipaddress import ip_address, ip_network

from msgspec import Struct

from landiag.collect.exchanges.arp import ArpAnswers, Owner
from landiag.collect.exchanges.transcript import encode
from landiag.wire.progress import METER
from landiag.wire.sockets import bind_source, error_name

_ETH_P_ARP = 0x0806
_SIOCGIFADDR, _SIOCGIFNETMASK, _SIOCGIFHWADDR = 0x8915, 0x891B, 0x8927
_ETHERNET = 1
_BROADCAST = b"\xff" * 6

_BURST, _PAUSE = 8, 0.003
"""Requests sent at once, and the seconds after them: a flood of broadcasts starves a Wi-Fi cell."""


class Link(Struct, frozen=True):
    """The link that an address is on: our interface there, its MAC address, and our own address."""

    interface: str
    mac: bytes
    source: str


def find_link(address: str, params: Mapping[str, str]) -> Link | None:
    """The Ethernet link that the kernel would ask for an IPv4 address; None when a router is in between.

    Raises OSError when there is no way at all.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        bind_source(sock, params)
        sock.connect((address, 9))
        source = str(sock.getsockname()[0])
        for _, name in socket.if_nameindex():
            if params.get("interface", name) != name or _ask_interface(sock, name, _SIOCGIFADDR) != source:
                continue
            mask = _ask_interface(sock, name, _SIOCGIFNETMASK)
            kind, mac = _hardware(sock, name)
            if kind == _ETHERNET and ip_address(address) in ip_network(f"{source}/{mask}", strict=False):
                return Link(name, mac, source)
    return None


def _probing_link(params: Mapping[str, str]) -> Link | None:
    """The link of an interface, for questions without a sender; None where it is no Ethernet."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        kind, mac = _hardware(sock, params["interface"])
    return Link(params["interface"], mac, "0.0.0.0") if kind == _ETHERNET else None


def _ioctl(sock: socket.socket, name: str, request: int) -> bytes:
    if sys.platform == "linux":
        from fcntl import ioctl

        return ioctl(sock.fileno(), request, struct.pack("256s", name.encode()[:15]))
    raise OSError("this way to ask interfaces is known on Linux alone")


def _ask_interface(sock: socket.socket, name: str, request: int) -> str | None:
    """An address of an interface, netdevice(7); None when it has none."""
    try:
        return socket.inet_ntoa(_ioctl(sock, name, request)[20:24])
    except OSError:
        return None


def _hardware(sock: socket.socket, name: str) -> tuple[int, bytes]:
    answer = _ioctl(sock, name, _SIOCGIFHWADDR)
    return int.from_bytes(answer[16:18], sys.byteorder), answer[18:24]


def arp(params: Mapping[str, str], timeout: float) -> bytes:
    """Ask for each of ``addresses`` (IPv4, commas between) on the link that they are on.

    ``interface`` and ``source`` say where, when it is not the way that the kernel would choose. ``rounds``
    (2) times, ``wait`` (0.1) seconds after each and ``last`` after the last; who answered is not asked
    again, unless ``duplicates`` is 1: then every round asks for all, so that each owner of a shared address
    is heard. ``probe`` 1 asks on ``interface`` for an address of our own, as RFC 5227 (2.1.1) does: the sender
    has no address, so that nobody learns anything from it.
    """
    addresses = params["addresses"].split(",")
    if sys.platform != "linux":
        return encode(ArpAnswers(0, (), "EPROTONOSUPPORT"))
    try:
        with _listener() as sock:
            link = _probing_link(params) if params.get("probe") == "1" else find_link(addresses[0], params)
            if link is None:
                return encode(ArpAnswers(0, (), "ENETUNREACH"))
            sock.setblocking(False)
            sock.bind((link.interface, _ETH_P_ARP))
            heard = _ask_all(sock, addresses, link, params, time.monotonic() + timeout)
    except OSError as error:
        return encode(ArpAnswers(0, (), error_name(error.errno or 0)))
    owners = tuple(Owner(address, tuple(heard[address])) for address in addresses if address in heard)
    return encode(ArpAnswers(len(addresses), owners))


@contextlib.contextmanager
def _listener() -> Iterator[socket.socket]:
    """A packet socket that hears nothing until it is bound, packet(7).

    Binding one that already hears, and closing one, wait for every processor: 15 ms each. The first is avoided,
    nobody waits for the second.
    """
    if sys.platform != "linux":
        raise OSError(errno.EAFNOSUPPORT, "only Linux has packet sockets")
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    try:
        yield sock
    finally:
        threading.Thread(target=sock.close).start()


def _ask_all(
    sock: socket.socket, addresses: list[str], link: Link, params: Mapping[str, str], end: float
) -> dict[str, dict[str, None]]:
    heard: dict[str, dict[str, None]] = {}
    wanted = frozenset(addresses)
    repeat = params.get("duplicates") == "1"
    with selectors.DefaultSelector() as selector:
        selector.register(sock, selectors.EVENT_READ)
        rounds, wait = int(params.get("rounds", "2")), float(params.get("wait", "0.1"))
        for number in range(rounds):
            missing = addresses if repeat else [address for address in addresses if address not in heard]
            if not missing:
                break
            _send(sock, (request_frame(link, address) for address in missing), end)
            if not repeat:
                METER.say(number + 1, rounds, f"rounds of ARP, {len(heard)} hosts so far{last_of(heard)}")
            patience = float(params.get("last", wait)) if number == rounds - 1 else wait
            _listen(sock, selector, heard, wanted, min(end, time.monotonic() + patience))
    return heard


def last_of(heard: Iterable[str]) -> str:
    """The newest of what was found, for people who watch."""
    newest = list(heard)[-1:]
    return f", last {newest[0]}" if newest else ""


def _send(sock: socket.socket, frames: Iterable[bytes], end: float) -> None:
    for number, frame in enumerate(frames):
        if number and number % _BURST == 0:
            time.sleep(_PAUSE)
        if time.monotonic() >= end:
            return
        try:
            sock.send(frame)
        except OSError as error:
            if error.errno not in (errno.EAGAIN, errno.ENOBUFS):
                raise


def _listen(
    sock: socket.socket,
    selector: selectors.BaseSelector,
    heard: dict[str, dict[str, None]],
    wanted: frozenset[str],
    until: float,
) -> None:
    """Take answers until then. One who answers for all of several addresses ends the wait early."""
    while (left := until - time.monotonic()) > 0 and (len(wanted) == 1 or len(heard) < len(wanted)):
        if not selector.select(left):
            return
        while frame := _receive(sock):
            owner = parse_frame(frame)
            if owner is not None and owner[0] in wanted:
                heard.setdefault(owner[0], {})[owner[1]] = None


def _receive(sock: socket.socket) -> bytes | None:
    try:
        return sock.recv(2048)
    except BlockingIOError:
        return None


def request_frame(link: Link, address: str) -> bytes:
    """An Ethernet frame that asks who has the address."""
    head = _BROADCAST + link.mac + struct.pack("!HHHBBH", _ETH_P_ARP, 1, 0x0800, 6, 4, 1)
    return head + link.mac + socket.inet_aton(link.source) + bytes(6) + socket.inet_aton(address)


def parse_frame(frame: bytes) -> tuple[str, str] | None:
    """The address and the MAC address of an ARP answer; None for any other frame."""
    if len(frame) < 42 or frame[12:14] != b"\x08\x06" or frame[20:22] != b"\0\x02":
        return None
    return socket.inet_ntoa(frame[28:32]), frame[22:28].hex(":")
