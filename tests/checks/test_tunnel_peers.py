"""WireGuard's AllowedIPs: who is at the far end of a tunnel, in whose network the client is, and who nobody knows."""

from __future__ import annotations

import pytest

from landiag.checks.routes import check as way_back
from landiag.collect.wireguard import ALLOWED, parse_peers
from landiag.model.facts import ParseError, Reading, ReadStatus
from landiag.model.report import Finding, Outcome
from tests.checks.asked import case_of
from tests.journey.world import LO, LOCAL, host, interface, route

KEY, OTHER = "a" * 43 + "=", "b" * 43 + "="
CLIENT = "10.9.0.2"
TUNNEL = interface("wg0", "10.9.0.1/24", kind="vpn", mac=None)
ROUTES = (LOCAL[0], route("10.9.0.1/32", "wg0", kind="local", table="local"), route("10.9.0.0/24", "wg0"))


def _found(said: str | Reading, peer: str | None = CLIENT) -> tuple[Finding, ...]:
    reading = Reading(ALLOWED.name, ReadStatus.OK, said.encode()) if isinstance(said, str) else said
    there = host(interfaces=(LO, TUNNEL), routes=ROUTES)
    return way_back.check(case_of(there, {ALLOWED.name: reading}, peer=peer)).findings


def test_peers_as_they_are_printed() -> None:
    peers = parse_peers(f"wg0\t{KEY}\t10.9.0.2/32 fd09::2/128\nwg1\t{OTHER}\t(none)\n")
    assert [(one.interface, len(one.allowed)) for one in peers] == [("wg0", 2), ("wg1", 0)]


@pytest.mark.parametrize("text", ["wg0", f"wg0\t{KEY}", "wg0\tkey\t(none)", f"wg0\t{KEY}\t10.9.0.x/32"])
def test_anything_else_is_no_list_of_peers(text: str) -> None:
    with pytest.raises(ParseError):
        parse_peers(text)


def test_client_whom_no_peer_may_be_is_told_with_what_lets_it_in() -> None:
    (finding,) = _found(f"wg0\t{KEY}\t10.9.0.3/32\n")
    assert (finding.code, finding.outcome) == ("no-route-to-client", Outcome.BLOCKS)
    (fix,) = finding.fixes
    assert fix.commands == (f"wg set wg0 peer {KEY} allowed-ips 10.9.0.3/32,10.9.0.2/32",)
    assert fix.undo == (f"wg set wg0 peer {KEY} allowed-ips 10.9.0.3/32",)


def test_which_of_two_peers_the_client_is_nobody_knows() -> None:
    (finding,) = _found(f"wg0\t{KEY}\t10.9.0.3/32\nwg0\t{OTHER}\t(none)\n")
    assert (finding.fixes[0].commands, finding.fixes[0].needs) == ((), "user-action")


@pytest.mark.parametrize(
    ("allowed", "peer"),
    [("10.9.0.2/32", CLIENT), ("0.0.0.0/0", CLIENT), ("10.9.0.0/30", CLIENT), ("10.9.0.77/32", None)],
)
def test_client_whom_a_peer_may_be_is_fine(allowed: str, peer: str | None) -> None:
    assert _found(f"wg0\t{KEY}\t{allowed}\n", peer) == ()


def test_network_of_which_no_peer_has_an_address_gets_nothing() -> None:
    (finding,) = _found(f"wg0\t{KEY}\t10.44.0.0/16 ::/0\n", None)
    assert (finding.outcome, "10.9.0.0/24" in finding.title) == (Outcome.BLOCKS, True)


def test_tunnel_of_another_kind_is_not_judged() -> None:
    assert _found(f"wg7\t{KEY}\t(none)\n") == ()


@pytest.mark.parametrize("status", [ReadStatus.DENIED, ReadStatus.MISSING, ReadStatus.FAILED])
def test_what_was_not_read_is_unknown_for_a_client_that_is_named(status: ReadStatus) -> None:
    (finding,) = _found(Reading(ALLOWED.name, status))
    assert finding.outcome is Outcome.UNKNOWN
    assert _found(Reading(ALLOWED.name, status), None) == ()


def test_kernel_without_wireguard_has_no_such_tunnel() -> None:
    assert _found(Reading(ALLOWED.name, ReadStatus.NOT_LOADED)) == ()
