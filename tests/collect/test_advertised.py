"""What servers tell their clients to connect to, by bytes as real servers send them."""

from __future__ import annotations

import struct

import pytest

from landiag.collect.exchanges.advertised import REQUESTS, CutError, Place, parse_places
from landiag.model.facts import ParseError


def kafka(*brokers: tuple[str, int, str | None]) -> bytes:
    """Metadata v1: the brokers, their rack (None: none), the controller, no topics."""
    body = struct.pack(">ii", 1, len(brokers))
    for node, (host, port, rack) in enumerate(brokers):
        body += struct.pack(">ih", node, len(host)) + host.encode() + struct.pack(">i", port)
        body += struct.pack(">h", -1) if rack is None else struct.pack(">h", len(rack)) + rack.encode()
    body += struct.pack(">ii", 0, 0)
    return struct.pack(">i", len(body)) + body


def text(name: str, value: str) -> bytes:
    return b"\x02" + name.encode() + b"\0" + struct.pack("<i", len(value) + 1) + value.encode() + b"\0"


def document(*elements: bytes) -> bytes:
    inside = b"".join(elements)
    return struct.pack("<i", len(inside) + 5) + inside + b"\0"


def mongodb(*elements: bytes) -> bytes:
    body = struct.pack("<IB", 0, 0) + document(*elements)
    return struct.pack("<iiii", len(body) + 16, 7, 1, 2013) + body


HOSTS = b"\x04hosts\0" + document(
    text("0", "localhost:27017"), text("1", "db2:27018"), text("2", "[fd77::1]:1")
)
HELLO = mongodb(
    b"\x08ismaster\0\x01",
    b"\x03topologyVersion\0" + document(b"\x07processId\0" + bytes(12), b"\x12counter\0" + bytes(8)),
    HOSTS,
    text("setName", "rs0"),
    b"\x09localTime\0" + bytes(8),
    b"\x10maxWireVersion\0" + bytes(4),
    b"\x01ok\0" + bytes(8),
)
NODE = b"*4\r\n$9\r\n127.0.0.1\r\n:7001\r\n$2\r\nab\r\n*0\r\n"
SLOTS = (
    b"*2\r\n*3\r\n:0\r\n:5460\r\n" + NODE + b"*3\r\n:5461\r\n:16383\r\n*3\r\n$0\r\n\r\n:7002\r\n$2\r\ncd\r\n"
)


@pytest.mark.parametrize(
    ("protocol", "data", "places"),
    [
        ("kafka", kafka(("localhost", 9092, None), ("db", 9093, "r1")), [("localhost", 9092), ("db", 9093)]),
        ("kafka", kafka(), []),
        ("mongodb", HELLO, [("localhost", 27017), ("db2", 27018), ("fd77::1", 1)]),
        ("mongodb", mongodb(b"\x08ismaster\0\x01", b"\x01ok\0" + bytes(8)), []),
        ("redis", SLOTS, [("127.0.0.1", 7001)]),
        ("redis", b"*0\r\n", []),
    ],
)
def test_answers(protocol: str, data: bytes, places: list[tuple[str, int]]) -> None:
    assert parse_places(protocol, data) == tuple(Place(*one) for one in places)
    for end in range(len(data)):
        with pytest.raises(CutError):
            parse_places(protocol, data[:end])


@pytest.mark.parametrize("protocol", REQUESTS)
@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"-ERR This instance has cluster support disabled\r\n",
        b"\x01" * 64,
    ],
)
def test_other_answers_are_none(protocol: str, data: bytes) -> None:
    with pytest.raises(ParseError):
        parse_places(protocol, data)


def test_what_is_asked() -> None:
    assert struct.unpack_from(">ihhi", REQUESTS["kafka"]) == (len(REQUESTS["kafka"]) - 4, 3, 1, 1)
    assert struct.unpack_from("<iiii", REQUESTS["mongodb"]) == (len(REQUESTS["mongodb"]), 1, 0, 2013)
    assert struct.unpack_from("<i", REQUESTS["mongodb"], 21)[0] == len(REQUESTS["mongodb"]) - 21
