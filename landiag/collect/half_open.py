"""Connections that are half open, and what listening sockets have dropped, from ss(8)."""

from __future__ import annotations

from msgspec import Struct

from landiag.model.facts import Command, File, ParseError
from landiag.model.regex import regex

HALF_OPEN = Command("ss-half-open", ("ss", "-H", "-n", "-t", "-m", "state", "listening", "state", "syn-recv"))
"""Sockets that listen, each with its memory on the next line, and connections whose client has not yet confirmed."""

MOST_HALF_OPEN = File("/proc/sys/net/ipv4/tcp_max_syn_backlog")

_LINE = regex(r"(LISTEN|SYN-RECV)\s+\d+\s+\d+\s+(\S+):(\d+)\s+\S+\s*")
_MEMORY = regex(r"\s+skmem:\((?:[a-z]+\d+,)+d(\d+)\)\s*")


class AtPort(Struct, frozen=True):
    """How many connections to a port are half open, and how many packets its sockets have dropped."""

    half_open: int
    dropped: int


def parse_half_open(text: str, port: int) -> AtPort:
    """Read what ss says of one port. Raises ParseError for a line that is not ss's."""
    half_open, dropped, is_listener = 0, 0, False
    for line in text.splitlines():
        socket, memory = _LINE.fullmatch(line), _MEMORY.fullmatch(line)
        if socket is None and memory is None and line.strip():
            raise ParseError(f"not a line of ss: {line[:80]!r}")
        if socket is not None:
            is_ours = int(socket[3]) == port
            is_listener = is_ours and socket[1] == "LISTEN"
            half_open += is_ours and not is_listener
        elif memory is not None and is_listener:
            dropped += int(memory[1])
    return AtPort(half_open, dropped)
