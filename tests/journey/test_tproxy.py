"""Rules that hand a client's packets to another socket: only a transparent one takes them."""

from __future__ import annotations

from ipaddress import ip_address

import pytest
from msgspec.structs import replace

from landiag.journey.followed import sockets_at
from landiag.model.facts import Socket
from landiag.model.ruleset import Ruleset
from landiag.model.terms import Symptom
from tests.journey.world import LISTENER, attempt, host, iptables

TPROXY = "-A PREROUTING -p tcp -m tcp --dport 5000 -j TPROXY --on-port 50080 --on-ip {} --tproxy-mark 0x1/0x1"
SOCKET = "-A PREROUTING -p tcp -m socket{} -j DROP"
PROXY = Socket(ip_address("127.0.0.1"), 50080, uid=0, transparent=True)


def mangle(line: str) -> Ruleset:
    return iptables(f"*mangle\n:PREROUTING ACCEPT [0:0]\n{line}\nCOMMIT\n")


@pytest.mark.parametrize(
    ("transparent", "expected"),
    [(True, Symptom.ANSWERED), (False, Symptom.TIMEOUT), (None, Symptom.UNKNOWN)],
)
def test_a_transparent_socket_takes_the_packets(transparent: bool | None, expected: Symptom) -> None:
    proxy = replace(PROXY, transparent=transparent)
    facts = host(ruleset=mangle(TPROXY.format("127.0.0.1")), sockets=(proxy,))
    assert attempt(facts).sight.symptom is expected


def test_the_packets_keep_their_port() -> None:
    facts = host(ruleset=mangle(TPROXY.format("127.0.0.1")), sockets=(PROXY, LISTENER))
    journey = attempt(facts)
    assert journey.translated is not None
    assert (journey.translated.port, journey.translated.keeps_port) == (50080, True)
    (arrival,) = journey.arrivals
    assert arrival.packet.destination_port == 5000
    assert sockets_at(facts, arrival) == (PROXY,)


@pytest.mark.parametrize(
    ("options", "address", "transparent", "leg"),
    [
        ("", "0.0.0.0", False, "data"),
        ("", "192.168.77.10", False, "syn"),
        (" --nowildcard", "0.0.0.0", False, "syn"),
        (" --transparent --nowildcard", "0.0.0.0", False, None),
        (" --transparent", "192.168.77.10", True, "syn"),
    ],
)
def test_socket_matches_by_the_options_of_the_listener(
    options: str, address: str, transparent: bool, leg: str | None
) -> None:
    listener = replace(LISTENER, address=ip_address(address), transparent=transparent)
    assert attempt(host(ruleset=mangle(SOCKET.format(options)), sockets=(listener,))).leg == leg


def test_what_a_socket_was_handed_is_not_passed_on() -> None:
    rules = "*mangle\n:PREROUTING ACCEPT [0:0]\n{}\nCOMMIT\n*nat\n:PREROUTING ACCEPT [0:0]\n{}\nCOMMIT\n"
    dnat = "-A PREROUTING -p tcp -m tcp --dport 5000 -j DNAT --to-destination 192.168.77.30:80"
    ruleset = iptables(rules.format(TPROXY.format("127.0.0.1"), dnat))
    assert attempt(host(ruleset=ruleset, sockets=(PROXY,))).sight.symptom is Symptom.TIMEOUT
