from __future__ import annotations

import contextlib
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from landiag.collect.sockets import parse_listeners, parse_proc_tcp, parse_transparent
from landiag.journey.binding import bind_among, why_not
from landiag.model.facts import Family, Interface, ParseError

SS = """\
LISTEN 0 5          127.0.0.1:5002 0.0.0.0:* users:(("python3",pid=10,fd=4)) ino:15849 sk:3 cgroup:/ <->
LISTEN 0 5       0.0.0.0%lo:5006 0.0.0.0:* users:(("python3",pid=10,fd=8)) ino:15853 sk:4 cgroup:/ <->
LISTEN 2 1            0.0.0.0:5001 0.0.0.0:* users:(("a))",pid=11,fd=3),("b",pid=12,fd=3)) uid:1000 ino:15848 sk:5 <->
LISTEN 0 5 [::ffff:127.0.0.1]:5007       *:* users:(("python3",pid=10,fd=9)) ino:15854 sk:6 v6only:0 <->
LISTEN 0 5              [::1]:5005    [::]:* users:(("python3",pid=10,fd=7)) ino:15852 sk:7 v6only:1 <->
LISTEN 0 5               [::]:5004    [::]:* ino:15851 sk:8 cgroup:/ v6only:1 <->
LISTEN 0 5                  *:5003       *:* users:(("python3",pid=10,fd=5)) ino:15850 sk:9 cgroup:/ v6only:0 <->
"""
ETH0 = Interface("eth0", 2, "ethernet", up=True, carrier=True)
LAN4, LAN6 = ip_address("192.168.77.10"), ip_address("fd77::10")


def test_every_form_of_address_that_ss_prints() -> None:
    found = {socket.port: socket for socket in parse_listeners(SS)}
    assert str(found[5002].address) == "127.0.0.1"
    assert found[5006].device == "lo"
    assert (found[5004].v6only, found[5003].v6only, found[5001].v6only) == (True, False, None)
    assert str(found[5007].address) == "127.0.0.1", "an IPv4-mapped bind serves IPv4"
    assert found[5001].pids == (11, 12), "a program may call itself anything"
    assert (found[5001].uid, found[5001].queue, found[5001].backlog) == (1000, 2, 1)
    assert found[5004].pids == (), "the owner is not visible"


def test_users_that_ss_pads_to_the_longest() -> None:
    """As iproute2 6.15 of Debian 13 prints two listeners."""
    users = (
        'users:(("python3",pid=216,fd=3))',
        'users:(("systemd-socket-",pid=222,fd=3),("systemd",pid=1,fd=48))',
    )
    text = (
        f"LISTEN 0      5      127.0.0.1:8080 0.0.0.0:* {users[0]:{len(users[1])}} "
        "ino:13314260 sk:49dd cgroup:/system.slice/shop.service <->\n"
        f"LISTEN 0      4096           *:5000       *:* {users[1]} "
        "ino:13314178 sk:5932 cgroup:/system.slice/front.socket v6only:0 <->\n"
    )
    first, second = parse_listeners(text)
    assert (first.pids, first.inode, first.cgroup) == ((216,), 13314260, "/system.slice/shop.service")
    assert (second.pids, second.v6only) == ((222, 1), False)


@pytest.mark.parametrize(
    ("port", "ipv4", "ipv6"),
    [
        (5001, True, False),
        (5002, False, False),
        (5003, True, True),
        (5004, False, True),
        (5005, False, False),
    ],
)
def test_which_clients_a_socket_serves(port: int, ipv4: bool, ipv6: bool) -> None:
    sockets = parse_listeners(SS)
    assert bool(bind_among(sockets, LAN4, port, ETH0).serving) is ipv4
    assert bool(bind_among(sockets, LAN6, port, ETH0).serving) is ipv6


def test_why_a_socket_does_not_serve() -> None:
    reasons = {socket.port: why_not(socket, ETH0) for socket in parse_listeners(SS)}
    assert reasons[5002] == reasons[5005] == reasons[5007] == "bound-to-loopback"
    assert reasons[5006] == "bound-to-device"
    assert reasons[5004] == "bound-to-ipv6-only"


def test_proc_net_tcp_as_the_fallback() -> None:
    text = (
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
        "   0: 0100007F:1388 00000000:0000 0A 00000000:00000002 00:00000000 00000000  1000        0 15849 1 0\n"
        "   1: 0A4DA8C0:C350 144DA8C0:1388 01 00000000:00000000 00:00000000 00000000     0        0 15850 1 0\n"
    )
    (socket,) = parse_proc_tcp(text)
    assert (str(socket.address), socket.port, socket.queue, socket.uid) == ("127.0.0.1", 5000, 2, 1000)
    six = "   0: 00000000000000000000000000000000:1388 0:0 0A 0:0 00:0 0 0 0 1 1 0\n"
    (socket,) = parse_proc_tcp(six)
    assert socket.family is Family.IPV6
    assert socket.serves(Family.IPV4) is None, "V6ONLY is not told there"


def test_garbage_is_an_error_and_empty_is_none() -> None:
    assert parse_listeners("") == ()
    with pytest.raises(ParseError):
        parse_listeners("Usage: ss [ OPTIONS ]")


@given(st.text())
def test_damaged_text_raises_nothing_else(text: str) -> None:
    for parse in (parse_listeners, parse_proc_tcp):
        with contextlib.suppress(ParseError):
            parse(text)


def test_transparent_sockets_by_their_inodes() -> None:
    text = (
        "LISTEN 0 128 127.0.0.1:50999 0.0.0.0:* ino:17400667 sk:5fa2 cgroup:/ <->\n"
        "\tinet-sockopt: ( is_icsk mc_loop transparent mc_all)\n"
        "LISTEN 0 128 *:50998 *:* ino:17400668 sk:5fa3 cgroup:/ v6only:0 <->\n"
        "\tinet-sockopt: ( is_icsk mc_loop)\n"
    )
    assert parse_transparent(text) == {17400667: True, 17400668: False}
    with pytest.raises(ParseError):
        parse_transparent("Usage: ss [ OPTIONS ]")
