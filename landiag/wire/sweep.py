"""Which hosts of a network are there, without root: packets that make the kernel ask for each neighbour.

The answers are in the neighbour table afterwards; an ICMP or echo answer tells at once. IPv6 networks are too
large to try: there one echo request goes to all nodes of the link (ff02::1, RFC 4291).
"""

from __future__ import annotations

import socket
import time
from collections.abc import Mapping
from ipaddress import ip_network

from landiag.collect.exchanges.sweep import Sweep
from landiag.collect.exchanges.transcript import encode
from landiag.wire import errqueue
from landiag.wire.echo import echo_request
from landiag.wire.neighbours import neighbours
from landiag.wire.progress import METER
from landiag.wire.sockets import bind_source, scope_id

_DISCARD = 9
_PAUSE = 0.0005
_BATCH = 256

_SECOND_REQUEST, _ITS_ANSWERS = 0.85, 1.3
"""The kernel asks again after one second, and after two: where the second brought nobody new, nothing gets lost."""


def sweep(params: Mapping[str, str], timeout: float) -> bytes:
    """Stir every address of ``network``; ``wait`` seconds (2.2, or 1.1 a batch), or less when all are known.

    ``interface`` is the link of an IPv6 network, ``source`` our address there.
    """
    network = ip_network(params["network"], strict=False)
    batches = min(network.num_addresses, 1 << 16) / _BATCH
    end = time.monotonic() + min(timeout, float(params.get("wait", max(2.2, 1.1 * batches))))
    try:
        if network.version == 6:
            return encode(Sweep(str(network), 1, _all_nodes(params, end)))
        addresses = [str(address) for address in network.hosts()]
        return encode(Sweep(str(network), len(addresses), _stir(addresses, params, end)))
    except OSError as error:
        return encode(Sweep(str(network), 0, (), error.strerror or "failed"))


def _stir(addresses: list[str], params: Mapping[str, str], end: float) -> tuple[str, ...]:
    """Send a datagram to the discard port of each, in batches, and note who answers that nobody wants it."""
    answered: dict[str, None] = {}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setblocking(False)
        errqueue.enable(sock)
        bind_source(sock, params)
        batches = [addresses[at : at + _BATCH] for at in range(0, len(addresses), _BATCH)]
        for number, batch in enumerate(batches):
            share = time.monotonic() + (end - time.monotonic()) / (len(batches) - number)
            for address in batch:
                _send(sock, address)
                _take(sock, answered)
            METER.say(number + 1, len(batches), f"batches of addresses, {len(answered)} answered so far")
            _wait(sock, set(batch), answered, share)
    return tuple(answered)


def _send(sock: socket.socket, address: str) -> None:
    for _ in range(2):  # the first failure may be an error that an earlier packet drew
        try:
            sock.sendto(b"\0", (address, _DISCARD))
            break
        except OSError:
            continue
    time.sleep(_PAUSE)


def _take(sock: socket.socket, answered: dict[str, None]) -> None:
    while queued := errqueue.read_with_port(sock):
        icmp, address, _ = queued
        if icmp.sender == address:
            answered[address] = None


def _wait(sock: socket.socket, batch: set[str], answered: dict[str, None], until: float) -> None:
    """Wait until the kernel knows all of them, or its second request found nobody more, or time is up."""
    begun, early = time.monotonic(), 0
    while (now := time.monotonic()) < until:
        _take(sock, answered)
        known = len(batch & (neighbours(complete=True) | answered.keys()))
        if now - begun < _SECOND_REQUEST:
            early = known
        if known == len(batch) or (now - begun > _ITS_ANSWERS and known == early):
            return
        time.sleep(0.02)


def _all_nodes(params: Mapping[str, str], end: float) -> tuple[str, ...]:
    """Who answers an echo request to all nodes of the link; asked three times."""
    answered: dict[str, None] = {}
    index = scope_id(params["interface"])
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM, 58) as sock:
        if source := params.get("source"):
            sock.bind((source, 0, 0, index))
        for number in range(3):
            sock.sendto(echo_request(socket.AF_INET6, 1, number, b"landiag"), ("ff02::1", 0, 0, index))
            until = min(end, time.monotonic() + 0.4)
            while (left := until - time.monotonic()) > 0:
                sock.settimeout(left)
                try:
                    _, place = sock.recvfrom(2048)
                except TimeoutError:
                    break
                answered[str(place[0]).partition("%")[0]] = None
    return tuple(answered)
