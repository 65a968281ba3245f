"""DNS queries and replies as bytes (RFC 1035, RFC 6762)."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator

TYPES = {1: socket.AF_INET, 28: socket.AF_INET6}
"""The records of addresses, A and AAAA, and the family of each."""

_UNICAST_PLEASE = 0x8000  # RFC 6762, 5.4
_RCODES = {0: None, 2: "SERVFAIL", 3: "NXDOMAIN", 5: "REFUSED"}


def question(identifier: int, name: str, kind: int, multicast: bool = False) -> bytes:
    """A DNS query for one type of record."""
    labels = b"".join(bytes([len(label)]) + label.encode("ascii", "replace") for label in name.split("."))
    header = struct.pack("!6H", identifier, 0 if multicast else 0x0100, 1, 0, 0, 0)
    return header + labels + b"\0" + struct.pack("!HH", kind, 1 | (_UNICAST_PLEASE if multicast else 0))


def parse_reply(data: bytes, kind: int) -> tuple[tuple[str, ...], str | None]:
    """The addresses of that type in a DNS reply, and its error word. Damaged replies hold none."""
    try:
        _, flags, questions, answers, *_ = struct.unpack_from("!6H", data)
        error = _RCODES.get(flags & 15, f"rcode {flags & 15}")
        if not flags & 0x8000:
            return (), "not-a-reply"
        return tuple(_records(data, questions, answers, kind)), error
    except (struct.error, IndexError, ValueError):
        return (), "damaged"


def _records(data: bytes, questions: int, answers: int, kind: int) -> Iterator[str]:
    at = 12
    for _ in range(questions):
        at = _skip_name(data, at) + 4
    for _ in range(min(answers, 64)):
        at = _skip_name(data, at)
        found, _, _, length = struct.unpack_from("!HHIH", data, at)
        at += 10
        if found == kind:
            yield socket.inet_ntop(TYPES[kind], data[at : at + length])
        at += length


def _skip_name(data: bytes, at: int) -> int:
    """Where the name at this place ends. Raises IndexError when it does not."""
    while True:
        length = data[at]
        if length & 0xC0 == 0xC0:
            return at + 2
        at += 1 + length
        if length == 0:
            return at
