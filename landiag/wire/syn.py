"""A SYN of our own, as root: the flags and the hop limit of what comes back, and from whom."""

from __future__ import annotations

import socket
import sys
from collections.abc import Mapping
from typing import Any

from landiag.collect.exchanges.icmp_error import IcmpError
from landiag.collect.exchanges.syn import SynAnswer
from landiag.collect.exchanges.transcript import encode
from landiag.wire.sockets import family_of
from landiag.wire.syn_raw import send_syn


def syn(params: Mapping[str, str], timeout: float) -> bytes:
    """Send one SYN to ``address`` and ``port`` and wait half a second.

    The kernel knows nothing of it and resets the answer: no connection is left half open.
    """
    address, port = params["address"], int(params["port"])
    try:
        return encode(_ask(address, port, params, min(timeout, 0.5)))
    except (OSError, ValueError) as error:
        return encode(SynAnswer(address, port, error=str(error)))


def _ask(address: str, port: int, params: Mapping[str, str], timeout: float) -> SynAnswer:
    if sys.platform != "linux":
        return _ask_by_scapy(address, port, params, timeout)
    found = send_syn(address, port, params, timeout)
    if found is None:
        return SynAnswer(address, port)
    flags = found.flags or None
    return SynAnswer(address, port, True, flags, found.ttl, found.window, found.sender, found.icmp)


def _ask_by_scapy(address: str, port: int, params: Mapping[str, str], timeout: float) -> SynAnswer:
    """The same where raw sockets hand no TCP up (BSD, macOS) or cannot send it (Windows): needs libpcap."""
    import logging

    logging.getLogger("scapy").setLevel(logging.CRITICAL)
    from scapy.config import conf
    from scapy.layers.inet import IP, TCP
    from scapy.layers.inet6 import IPv6
    from scapy.sendrecv import sr1
    from scapy.volatile import RandShort

    conf.verb = 0
    six = family_of(address) == socket.AF_INET6
    network = IPv6(dst=address.partition("%")[0]) if six else IP(dst=address)
    zone = address.partition("%")[2] or params.get("interface")
    packet = network / TCP(sport=int(RandShort()) | 0x8000, dport=port, flags="S", seq=int(RandShort()))
    reply: Any = sr1(packet, timeout=timeout, **({"iface": zone} if zone and six else {}))
    if reply is None:
        return SynAnswer(address, port)
    ttl = reply.hlim if six else reply.ttl
    if TCP in reply:
        part = reply[TCP]
        return SynAnswer(address, port, True, str(part.flags), ttl, part.window, reply.src)
    return SynAnswer(address, port, True, None, ttl, None, reply.src, _icmp(reply, six))


def _icmp(reply: Any, six: bool) -> IcmpError | None:
    part = reply.payload
    kind, code = getattr(part, "type", None), getattr(part, "code", None)
    if kind is None or code is None:
        return None
    return IcmpError(6 if six else 4, int(kind), int(code), str(reply.src))
