"""What the user typed, understood or refused with a sentence."""

from __future__ import annotations

from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from landiag.probe.target import Request, UsageError, parse_request, refuse_broadcast


@pytest.mark.parametrize(
    ("text", "name", "address", "ports", "scheme", "path"),
    [
        ("192.168.1.20", None, "192.168.1.20", (), "auto", "/"),
        ("192.168.1.20:5000", None, "192.168.1.20", (5000,), "auto", "/"),
        ("http://shop.local:8000/a?b=1", "shop.local", None, (8000,), "http", "/a?b=1"),
        ("https://192.168.1.20/", None, "192.168.1.20", (443,), "https", "/"),
        ("[fd00::1]:80", None, "fd00::1", (80,), "auto", "/"),
        ("::ffff:192.168.1.20", None, "192.168.1.20", (), "auto", "/"),
        ("Shop.LOCAL.", "shop.local", None, (), "auto", "/"),
        ("büro.local", "xn--bro-hoa.local", None, (), "auto", "/"),
        ("192.168.1.20/32", None, "192.168.1.20", (), "auto", "/"),
    ],
)
def test_targets(
    text: str, name: str | None, address: str | None, ports: tuple[int, ...], scheme: str, path: str
) -> None:
    request = parse_request(text)
    found = None if request.address is None else str(request.address)
    assert (request.name, found, request.ports, request.scheme, request.path) == (
        name,
        address,
        ports,
        scheme,
        path,
    )


@pytest.mark.parametrize("text", ["fe80::1%eth0", "https://[fe80::1%25eth0]/", "[fe80::1%eth0]:443"])
def test_zones(text: str) -> None:
    request = parse_request(text)
    assert request.address is not None
    assert request.with_zone(request.address) == "fe80::1%eth0"


def test_networks() -> None:
    assert parse_request("192.168.1.7/24").network == ip_network("192.168.1.0/24")
    assert parse_request("fe80::%eth0/64").zone == "eth0"
    assert parse_request("10.0.0.0/20", yes=True).network == ip_network("10.0.0.0/20")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("localhost", "this machine"),
        ("127.0.0.1", "this machine"),
        ("::1", "this machine"),
        ("0.0.0.0", "this machine"),
        ("http://localhost:5000/", "this machine"),
        ("224.0.0.1", "group address"),
        ("255.255.255.255", "group address"),
        ("10.0.0.0/8", "at most a /16"),
        ("10.0.0.0/20", "--yes"),
        ("1.2.3", "four numbers"),
        ("a b", "neither a name"),
        ("ftp://x", "http://"),
        ("http://", "names no host"),
        ("http://x:99999/", "not a URL"),
        ("192.168.1.20/x", "neither a host nor a network"),
        ("", "name a host"),
    ],
)
def test_what_is_refused(text: str, says: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse_request(text)
    assert says in str(refused.value)


def test_ports_backwards() -> None:
    with pytest.raises(UsageError, match="backwards"):
        parse_request("192.168.1.20", ("8010-8000",))


def test_the_broadcast_address_of_an_own_network() -> None:
    networks = (ip_network("192.168.1.0/24"),)
    with pytest.raises(UsageError, match="broadcast"):
        refuse_broadcast(parse_request("192.168.1.255"), networks)
    refuse_broadcast(parse_request("192.168.2.255"), networks)


def test_the_port_that_the_verdict_speaks_of() -> None:
    request = parse_request("192.168.1.20")
    assert request.port == 5000
    assert replace(request, ports=(8000, 80)).port == 8000


@given(st.text(max_size=60))
def test_any_text_is_a_request_or_a_sentence(text: str) -> None:
    try:
        request = parse_request(text)
    except UsageError:
        return
    assert isinstance(request, Request)
    assert sum(one is not None for one in (request.name, request.address, request.network)) == 1
