"""Captured bytes to events, and the kernel's filter: each against real packets or the layout of the standards."""

from __future__ import annotations

import struct
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from landiag.watch.bpf import (
    JA,
    JEQ,
    JSET,
    LDB_ABS,
    LDB_IND,
    LDH_ABS,
    LDH_IND,
    LDX_MSH,
    RET,
    assemble,
    port_filter,
)
from landiag.watch.events import Question, Refusal, Segment, encode_event, parse_events
from landiag.watch.packets import ACK, PSH, SYN, Frame, parse_frame

MAC = bytes.fromhex("5254000a0b0c")


def tcp(
    source: int = 40000, destination: int = 5000, flags: int = SYN, data: bytes = b"", options: bytes = b""
) -> bytes:
    offset = (20 + len(options)) // 4 << 4
    return struct.pack("!HHIIBBHHH", source, destination, 7, 9, offset, flags, 64240, 0, 0) + options + data


def ipv4(payload: bytes, protocol: int = 6, options: bytes = b"", fragment: int = 0) -> bytes:
    head = 0x45 + len(options) // 4
    source, destination = ip_address("192.168.77.20").packed, ip_address("192.168.77.10").packed
    total = 20 + len(options) + len(payload)
    return (
        struct.pack("!BBHHHBBH4s4s", head, 0x10, total, 1, fragment, 63, protocol, 0, source, destination)
        + options
        + payload
    )


def ipv6(payload: bytes, protocol: int = 6) -> bytes:
    source, destination = ip_address("fd77::20").packed, ip_address("fd77::10").packed
    return struct.pack("!IHBB16s16s", 6 << 28, len(payload), protocol, 64, source, destination) + payload


def frame(data: bytes, protocol: int = 0x0800, kind: int = 0) -> Frame:
    return Frame(100.5, "eth0", protocol, kind, MAC, data)


ARP = (
    b"\x00\x01\x08\x00\x06\x04\x00\x01"
    + MAC
    + bytes([192, 168, 77, 20])
    + bytes(6)
    + bytes([192, 168, 77, 10])
)
UNREACHABLE = ipv4(b"\x03\x0d\0\0\0\0\0\0" + ipv4(tcp()), 1)
UNREACHABLE6 = ipv6(b"\x01\x04\0\0\0\0\0\0" + ipv6(tcp()), 58)
SOLICITATION = ipv6(b"\x87\0\0\0\0\0\0\0" + ip_address("fd77::10").packed, 58)


def test_a_syn() -> None:
    event = parse_frame(frame(ipv4(tcp(), options=bytes(4))), 5000)
    assert isinstance(event, Segment)
    assert (event.source, event.source_port, event.destination, event.destination_port) == (
        "192.168.77.20", 40000, "192.168.77.10", 5000,
    )  # fmt: skip
    assert (event.flags, event.ttl, event.length, event.dscp, event.data) == (SYN, 63, 44, 4, 0)
    assert (event.mac, event.kind, event.outgoing) == ("52:54:00:0a:0b:0c", "host", False)


def test_data_is_counted_and_only_a_status_line_is_kept() -> None:
    private = parse_frame(frame(ipv4(tcp(flags=ACK | PSH, data=b"password=secret", options=bytes(12)))), 5000)
    answer = parse_frame(frame(ipv6(tcp(5000, 40000, ACK, b"HTTP/1.1 404 NOT FOUND\r\n")), 0x86DD, 4), 5000)
    assert isinstance(private, Segment)
    assert isinstance(answer, Segment)
    assert (private.data, private.head) == (15, "")
    assert (answer.data, answer.head, answer.outgoing, answer.mac) == (24, "HTTP/1.1 404", True, None)


@pytest.mark.parametrize(("data", "protocol", "code"), [(UNREACHABLE, 0x0800, 13), (UNREACHABLE6, 0x86DD, 4)])
def test_an_icmp_error_names_the_connection(data: bytes, protocol: int, code: int) -> None:
    event = parse_frame(frame(data, protocol, 4), 5000)
    assert isinstance(event, Refusal)
    assert (event.code, event.source_port, event.destination_port, event.outgoing) == (
        code,
        40000,
        5000,
        True,
    )
    assert parse_frame(frame(data, protocol, 4), 5001) is None


@pytest.mark.parametrize(("data", "protocol"), [(ARP, 0x0806), (SOLICITATION, 0x86DD)])
def test_who_looks_for_whom(data: bytes, protocol: int) -> None:
    event = parse_frame(frame(data, protocol), 5000)
    assert isinstance(event, Question)
    assert event.target in ("192.168.77.10", "fd77::10")
    assert event.sender in ("192.168.77.20", "fd77::20")


@given(st.binary(max_size=120), st.sampled_from([0x0800, 0x86DD, 0x0806, 7]))
def test_damaged_packets_never_raise(data: bytes, protocol: int) -> None:
    parse_frame(frame(data, protocol), 5000)


@given(st.integers(0, 70), st.sampled_from([ARP, UNREACHABLE, UNREACHABLE6, SOLICITATION, ipv4(tcp())]))
def test_cut_packets_never_raise(size: int, data: bytes) -> None:
    for protocol in (0x0800, 0x86DD, 0x0806):
        parse_frame(frame(data[:size], protocol), 5000)


def test_events_come_back_from_their_lines() -> None:
    events = [parse_frame(frame(data, kind), 5000) for data, kind in ((ipv4(tcp()), 0x0800), (ARP, 0x0806))]
    lines = b"".join(encode_event(event) for event in events if event is not None)
    assert list(parse_events(lines.decode())) == events


def passes(data: bytes, protocol: int, port: int = 5000) -> bool:
    """Run the filter as the kernel does (net/core/filter.c); a load beyond the packet ends it with 0."""
    program, a, x, at = assemble(port_filter(port)), 0, 0, 0
    while True:
        code, true, false, value = program[at]
        at += 1
        if code == RET:
            return value > 0
        if code == JA:
            at += value
        elif code in (JEQ, JSET):
            at += true if (a == value if code == JEQ else a & value) else false
        elif code == LDX_MSH:
            x = (data[value] & 15) * 4
        elif value == 0xFFFFF000:
            a = protocol
        else:
            place = value + (x if code in (LDH_IND, LDB_IND) else 0)
            size = 2 if code in (LDH_ABS, LDH_IND) else 1
            assert code in (LDH_ABS, LDH_IND, LDB_ABS, LDB_IND)
            if place + size > len(data):
                return False
            a = int.from_bytes(data[place : place + size], "big")


@pytest.mark.parametrize(
    ("data", "protocol", "wanted"),
    [
        (ipv4(tcp()), 0x0800, True),
        (ipv4(tcp(5000, 40000)), 0x0800, True),
        (ipv4(tcp(), options=bytes(12)), 0x0800, True),
        (ipv4(tcp(1, 5001)), 0x0800, False),
        (ipv4(tcp(), fragment=100), 0x0800, False),
        (ipv4(tcp(), protocol=17), 0x0800, False),
        (ipv6(tcp()), 0x86DD, True),
        (ipv6(tcp(5000, 1)), 0x86DD, True),
        (ipv6(tcp(1, 2)), 0x86DD, False),
        (ipv6(b"\x80" + bytes(20), 58), 0x86DD, False),
        (ipv4(b"\x08" + bytes(20), 1), 0x0800, False),
        (UNREACHABLE, 0x0800, True),
        (UNREACHABLE6, 0x86DD, True),
        (SOLICITATION, 0x86DD, True),
        (ARP, 0x0806, True),
        (ARP, 0x88CC, False),
    ],
)
def test_the_filter_passes_what_is_needed(data: bytes, protocol: int, wanted: bool) -> None:
    assert passes(data, protocol) is wanted
