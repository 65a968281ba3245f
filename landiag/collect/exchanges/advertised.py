"""Addresses that a server tells its clients to connect to next: Kafka's brokers, the members of a MongoDB replica set,
the nodes of a Redis cluster. What is asked, and what the answer says.

Sources: kafka.apache.org/protocol (Metadata v1), the OP_MSG of MongoDB's wire protocol and bsonspec.org, RESP2 and
CLUSTER SLOTS of redis.io.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from msgspec import Struct

from landiag.collect.exchanges.transcript import decode
from landiag.model.facts import ParseError


class Place(Struct, frozen=True):
    """Where clients are told to connect."""

    host: str
    port: int


class Advertised(Struct, frozen=True):
    """What a server told; ``places`` is None where it said nothing of the kind."""

    address: str
    port: int
    protocol: str
    places: tuple[Place, ...] | None


def parse_advertised(text: str) -> Advertised:
    """The transcript that ``wire.advertised`` wrote. Raises ParseError."""
    return decode(text, Advertised)


_KAFKA = struct.pack(">hhih7si", 3, 1, 1, 7, b"landiag", 0)  # Metadata, of no topics
_HELLO = b"\x10isMaster\0\x01\0\0\0\x02$db\0\x06\0\0\0admin\0"
_MONGO = struct.pack("<IBI", 0, 0, len(_HELLO) + 5) + _HELLO + b"\0"

REQUESTS: Mapping[str, bytes] = {
    "kafka": struct.pack(">i", len(_KAFKA)) + _KAFKA,
    "mongodb": struct.pack("<iiii", len(_MONGO) + 16, 1, 0, 2013) + _MONGO,
    "redis": b"*2\r\n$7\r\nCLUSTER\r\n$5\r\nSLOTS\r\n",
}
"""What a client asks when it connects, in each protocol; none of it changes anything."""


class CutError(ParseError):
    """The answer goes on."""


def parse_places(protocol: str, data: bytes) -> tuple[Place, ...]:
    """Read an answer. Raises CutError where more of it has to come, ParseError where it is none."""
    try:
        return tuple(_PARSERS[protocol](data))
    except (struct.error, IndexError) as error:
        raise CutError("the answer is not whole") from error
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise ParseError(f"no answer of {protocol}: {type(error).__name__}") from error


def _kafka(data: bytes) -> Iterator[Place]:
    size, _, count = struct.unpack_from(">iii", data)
    _expect(data, size + 4)
    at = 12
    for _ in range(count):
        (length,) = struct.unpack_from(">h", data, at + 4)
        host, at = data[at + 6 : at + 6 + length].decode(), at + 6 + length
        port, rack = struct.unpack_from(">ih", data, at)
        at += 6 + max(0, rack)
        yield Place(host, port)


def _mongodb(data: bytes) -> Iterator[Place]:
    size, _, _, kind = struct.unpack_from("<iiii", data)
    if kind != 2013:
        raise ValueError(kind)
    _expect(data, size)
    document = dict(_elements(data, 21))
    if "setName" in document:
        yield from (_place(host, 27017) for host in document.get("hosts", ()))


def _place(text: str, usual: int) -> Place:
    host, _, port = text.rpartition(":")
    return Place(host.strip("[]"), int(port)) if host else Place(text, usual)


_SIZES = {0x01: 8, 0x07: 12, 0x08: 1, 0x09: 8, 0x0A: 0, 0x10: 4, 0x11: 8, 0x12: 8, 0x13: 16}
"""Bytes of the values of BSON that have always the same length."""


def _elements(data: bytes, at: int) -> Iterator[tuple[str, Any]]:
    """Read the elements of a document of BSON that are texts and lists of such; of others the names alone."""
    (size,) = struct.unpack_from("<i", data, at)
    end, at = at + size - 1, at + 4
    while at < end:
        kind, stop = data[at], data.index(b"\0", at)
        name, at = data[at + 1 : stop].decode(), stop + 1
        value: Any = None
        if kind in (0x02, 0x03, 0x04, 0x05):
            (length,) = struct.unpack_from("<i", data, at)
            if kind == 0x02:
                value = data[at + 4 : at + 3 + length].decode()
            elif kind == 0x04:
                value = [one for _, one in _elements(data, at)]
            at += length + (0 if kind in (0x03, 0x04) else 5 if kind == 0x05 else 4)
        else:
            at += _SIZES[kind]
        yield name, value


def _redis(data: bytes) -> Iterator[Place]:
    slots, _ = _resp(data, 0)
    for _first, _last, *nodes in slots or ():
        yield from (Place(host, port) for host, port, *_ in nodes if host)


def _resp(data: bytes, at: int) -> tuple[Any, int]:
    """A value of RESP2, and where the next begins. Raises ValueError for an error that the server says."""
    end = data.find(b"\r\n", at)
    if end < 0:
        raise IndexError(at)
    kind, said, at = data[at : at + 1], data[at + 1 : end].decode(), end + 2
    if kind == b":":
        return int(said), at
    if kind == b"$":
        _expect(data, at + int(said) + 2)
        return data[at : at + int(said)].decode(), at + int(said) + 2
    if kind != b"*":
        raise ValueError(said)
    found = []
    for _ in range(int(said)):
        one, at = _resp(data, at)
        found.append(one)
    return found, at


def _expect(data: bytes, size: int) -> None:
    if len(data) < size:
        raise IndexError(size)


_PARSERS: Mapping[str, Callable[[bytes], Iterator[Place]]] = {
    "kafka": _kafka,
    "mongodb": _mongodb,
    "redis": _redis,
}
