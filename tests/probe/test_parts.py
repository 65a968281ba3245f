"""The pure parts of the exchanges: bytes in, meaning out, and nothing but ParseError on damage."""

from __future__ import annotations

import contextlib
import socket
import struct
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from landiag.model.facts import ParseError
from landiag.probe.arp import Link, parse_frame, request_frame
from landiag.probe.banners import recognise_banner
from landiag.probe.case import parse_resolv_conf
from landiag.probe.dns import parse_reply, question
from landiag.probe.errqueue import IcmpError
from landiag.probe.evidence import nmap_state
from landiag.probe.http import Answer, Attempt, End, parse_exchange
from landiag.probe.icmp import checksum, echo_request, reply_sequence
from landiag.probe.message import parse_message
from landiag.probe.names import is_random, parse_makers
from landiag.probe.progress import bar
from landiag.probe.proxies import Proxies, is_exempt, proxy_for
from landiag.probe.redirect import redirect_target
from landiag.probe.survey import format_ranges
from landiag.probe.syn_raw import parse_segment, syn_segment
from landiag.probe.tcp import Connect, TcpOutcome, parse_ports
from landiag.probe.transcript import Blob
from landiag.probe.x509 import parse_certificate


@given(st.binary(max_size=400))
def test_any_bytes_may_come_as_an_http_answer(data: bytes) -> None:
    parse_message(data)
    parse_message(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + data)


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


@given(st.text(max_size=200))
def test_any_text_may_come_as_a_transcript(text: str) -> None:
    with pytest.raises(ParseError):
        parse_exchange(text)


@given(st.sets(st.integers(1, 65535), max_size=60))
def test_ranges_are_ports_again(ports: set[int]) -> None:
    text = format_ranges(list(ports))
    assert text == "" if not ports else set(parse_ports(text)) == ports


@given(st.binary(max_size=50))
def test_blobs_are_the_same_bytes_again(data: bytes) -> None:
    assert Blob.of(data).data == data


def test_a_certificate_made_by_openssl(tmp_path: Path) -> None:
    command = (
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=shop "
        "-addext subjectAltName=DNS:shop.lan,IP:192.168.1.20 -keyout key.pem -outform DER -out cert.der"
    )
    subprocess.run(command.split(), cwd=tmp_path, check=True, capture_output=True)
    certificate = parse_certificate((tmp_path / "cert.der").read_bytes())
    assert (certificate.subject, certificate.names) == ("shop", ("shop.lan", "192.168.1.20"))
    assert certificate.self_signed
    assert certificate.not_before < certificate.not_after


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


@pytest.mark.parametrize(
    ("no_proxy", "host", "exempt"),
    [
        ("*", "192.168.1.20", True),
        ("192.168.1.0/24", "192.168.1.20", True),
        ("192.168.1.20", "192.168.1.20", True),
        ("192.168.1.*", "192.168.1.20", False),
        (".lan", "shop.lan", True),
        ("lan", "shop.lan", True),
        ("*.lan", "shop.lan", True),
        ("hop.lan", "shop.lan", False),
        ("", "shop.lan", False),
    ],
)
def test_exemptions_from_the_proxy(no_proxy: str, host: str, exempt: bool) -> None:
    assert is_exempt(Proxies({"no_proxy": no_proxy}), host) is exempt


def test_the_proxy_of_a_url() -> None:
    proxy = proxy_for(Proxies({"http_proxy": "10.0.0.9:3128"}), "http", "192.168.1.20")
    assert proxy is not None
    assert (proxy.host, proxy.port, proxy.speaks_http, proxy.is_numeric) == ("10.0.0.9", 3128, True, True)
    assert proxy_for(Proxies({"http_proxy": "10.0.0.9:3128"}), "https", "192.168.1.20") is None
    assert proxy_for(Proxies({"ALL_PROXY": "socks5://10.0.0.9"}), "https", "x") is not None


def answered(status: int, *headers: tuple[str, str]) -> Attempt:
    answer = Answer(status, "", "1.1", headers, Blob(text=""), 0)
    return Attempt("http", Connect(TcpOutcome.CONNECTED, 0.0), End.COMPLETE, answer=answer)


@pytest.mark.parametrize(
    ("location", "url", "local", "asked"),
    [
        ("/login", None, False, False),
        ("http://192.168.1.20:5000/login", None, False, False),
        ("http://localhost:5000/", "http://localhost:5000/", True, False),
        ("https://192.168.1.20:8443/x", "https://192.168.1.20:8443/x", False, True),
        ("//10.0.0.1/", "http://10.0.0.1/", False, True),
        ("http://other.lan/", "http://other.lan/", False, False),
        ("mailto:x@y", None, False, False),
        ("http://[", None, False, False),
    ],
)
def test_redirections(location: str, url: str | None, local: bool, asked: bool) -> None:
    target = redirect_target(answered(302, ("Location", location)), "192.168.1.20:5000", "/")
    if target is None:
        assert url is None
    else:
        assert (target.url, target.is_local, target.is_asked) == (url, local, asked)


@pytest.mark.parametrize(
    ("connect", "state"),
    [
        (Connect(TcpOutcome.CONNECTED, 0.1), "open (syn-ack)"),
        (Connect(TcpOutcome.REFUSED, 0.1), "closed (reset)"),
        (Connect(TcpOutcome.NO_ANSWER, 0.1), "filtered (no-response)"),
        (
            Connect(TcpOutcome.REJECTED, 0.1, "EHOSTUNREACH", IcmpError(4, 3, 13, "10.0.0.1")),
            "filtered (admin-prohibited from 10.0.0.1)",
        ),
    ],
)
def test_states_are_the_words_of_nmap(connect: Connect, state: str) -> None:
    assert nmap_state(connect) == state


@pytest.mark.parametrize(
    ("first", "who"),
    [
        (b"SSH-2.0-OpenSSH_9.2\r\n", "SSH"),
        (b"J\0\0\0\x0a8.0.36\0", "MySQL or MariaDB"),
        (b"-ERR unknown command 'GET'\r\n", "Redis"),
        (b"220 mail ESMTP Postfix\r\n", "a mail server"),
        (b"HTTP/1.1 200 OK\r\n", None),
        (b"\x00\xff\x1b[2J", None),
    ],
)
def test_banners(first: bytes, who: str | None) -> None:
    assert recognise_banner(first) == who


def test_makers_from_both_kinds_of_list() -> None:
    macs = ("b8:27:eb:01:02:03", "02:42:ac:11:00:02")
    assert parse_makers("B827EB Raspberry Pi Foundation\n", macs) == {macs[0]: "Raspberry Pi Foundation"}
    assert parse_makers("B8-27-EB   (hex)\t\tRaspberry Pi\n", macs) == {macs[0]: "Raspberry Pi"}
    assert (is_random(macs[0]), is_random(macs[1])) == (False, True)


def test_name_servers_of_resolv_conf() -> None:
    assert parse_resolv_conf("# x\nnameserver 192.168.1.1\nsearch lan\nnameserver fe80::1%eth0\n") == (
        "192.168.1.1",
        "fe80::1%eth0",
    )


def test_the_bar() -> None:
    assert bar(5, 10, 10) == "[#####     ]"
    assert bar(0, 0, 4) == "[####]"
