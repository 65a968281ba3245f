"""Packets as bytes: what is sent is right, and any bytes may come back."""

from __future__ import annotations

import contextlib
import socket
import struct

from hypothesis import given
from hypothesis import strategies as st

from landiag.collect.exchanges.banners import recognise_banner
from landiag.collect.exchanges.x509 import parse_certificate
from landiag.model.facts import ParseError
from landiag.wire.arp import Link, parse_frame, request_frame
from landiag.wire.dns_message import parse_reply, question
from landiag.wire.echo import checksum, echo_request, reply_sequence
from landiag.wire.syn_raw import parse_segment, syn_segment


@given(st.binary(max_size=300))
def test_any_bytes_may_come_as_a_certificate_or_a_dns_reply_or_a_packet(data: bytes) -> None:
    with contextlib.suppress(ParseError):
        parse_certificate(data)
    parse_reply(data, 1)
    parse_frame(data)
    reply_sequence(socket.AF_INET, data, b"token...")
    recognise_banner(data)
    if data:
        parse_segment(data, [], "::1", (1, 2, 3))


def test_a_dns_reply() -> None:
    asked = question(7, "shop.lan", 1)
    assert asked[12:] == b"\x04shop\x03lan\x00\x00\x01\x00\x01"
    header = struct.pack("!6H", 7, 0x8180, 1, 1, 0, 0)
    answer = b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 60, 4) + bytes([192, 168, 1, 20])
    assert parse_reply(header + asked[12:] + answer, 1) == (("192.168.1.20",), None)
    assert parse_reply(struct.pack("!6H", 7, 0x8183, 1, 0, 0, 0) + asked[12:], 1) == ((), "NXDOMAIN")
    assert parse_reply(asked, 1) == ((), "not-a-reply")


def test_checksums() -> None:
    packet = echo_request(socket.AF_INET, 1, 2, b"payload")
    assert checksum(packet) == 0
    segment = syn_segment("192.168.1.2", "192.168.1.20", 40000, 5000, 1)
    pseudo = socket.inet_aton("192.168.1.2") + socket.inet_aton("192.168.1.20") + struct.pack("!HH", 6, 20)
    assert checksum(pseudo + segment) == 0


def test_an_arp_answer_is_read_and_a_request_is_not() -> None:
    link = Link("eth0", bytes.fromhex("020000000001"), "192.168.1.2")
    frame = request_frame(link, "192.168.1.20")
    assert parse_frame(frame) is None
    answer = (
        frame[:20]
        + b"\x00\x02"
        + bytes.fromhex("020000000002")
        + socket.inet_aton("192.168.1.20")
        + frame[32:]
    )
    assert parse_frame(answer) == ("192.168.1.20", "02:00:00:00:00:02")
