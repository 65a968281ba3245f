"""Fields of a TCP segment's own header: flags, the segment size that it announces, its options."""

from __future__ import annotations

from collections.abc import Callable

from landiag.firewall.engine.context import Asked
from landiag.firewall.engine.packets import SEGMENT_SIZE
from landiag.model.packet import ABSENT, TCP_FLAGS, Value


def tcp_flags(fields: Asked) -> Value:
    """The flags as the byte of the header has them."""
    return sum(TCP_FLAGS[flag] for flag in fields.packet.flags)


def segment_size(fields: Asked) -> Value:
    """An option of the SYN and its answer, which every system's TCP sends (RFC 9293, 3.7.1)."""
    return SEGMENT_SIZE if "syn" in fields.packet.flags else ABSENT


def has_option(name: str) -> Callable[[Asked], Value]:
    """Whether the segment has an option of TCP; 0 where there is no such segment (nft_exthdr.c)."""

    def compute(fields: Asked) -> Value:
        packet = fields.packet
        if packet.protocol != "tcp" or "syn" not in packet.flags:
            return 0
        return 1 if "ack" not in packet.flags or name == "maxseg" else None

    return compute
