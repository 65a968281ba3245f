"""The segment size that a SYN announces: known in bounds, as every TCP sends it."""

from __future__ import annotations

import pytest

from tests.firewall.rules import DROP, chain, match, nft, rule, saved, verdict

SIZE = {"tcp option": {"name": "maxseg", "field": "size"}}
SYN = {"match": {"op": "in", "left": {"payload": {"protocol": "tcp", "field": "flags"}}, "right": "syn"}}


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("--mss 1:500", "accept"),
        ("! --mss 536:65535", "drop"),
        ("--mss 536:65535", "drop"),
        ("--mss 1300:1500", "unknown"),
        ("! --mss 1:500", "drop"),
    ],
)
def test_iptables_compares_it_where_it_is(condition: str, expected: str) -> None:
    text = f"*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -p tcp -m tcpmss {condition} -j DROP\nCOMMIT\n"
    assert verdict(saved(text)) == expected


def test_data_has_no_such_option() -> None:
    """What has none is in no range: iptables then drops the data of a connection, nftables goes on."""
    text = (
        "*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -p tcp -m conntrack --ctstate NEW -m tcpmss ! --mss 536:65535 -j DROP\n"
        "COMMIT\n"
    )
    assert verdict(saved(text)) == "accept"


@pytest.mark.parametrize(
    ("size", "expected"),
    [({"range": [1, 500]}, "accept"), ({"range": [500, 65535]}, "drop"), (1460, "unknown")],
)
def test_nftables_does_too(size: object, expected: str) -> None:
    rules = nft(chain("in", "input"), rule("in", SYN, match(SIZE, size), DROP))
    assert verdict(rules) == expected


def test_other_options_hang_on_the_clients_system() -> None:
    stamp = {"tcp option": {"name": "timestamp", "field": "tsval"}}
    assert verdict(nft(chain("in", "input"), rule("in", match(stamp, 5), DROP))) == "unknown"


@pytest.mark.parametrize(
    ("name", "there", "expected"),
    [
        ("maxseg", True, "drop"),
        ("maxseg", False, "accept"),
        ("sack-perm", True, "drop"),
        ("window", False, "accept"),
        ("timestamp", True, "unknown"),
        ("fastopen", False, "unknown"),
    ],
)
def test_every_system_begins_with_three_options(name: str, there: bool, expected: str) -> None:
    rules = nft(chain("in", "input"), rule("in", SYN, match({"tcp option": {"name": name}}, there), DROP))
    assert verdict(rules) == expected


@pytest.mark.parametrize(
    ("condition", "expected"),
    [("--tcp-option 2", "drop"), ("! --tcp-option 4", "accept"), ("--tcp-option 8", "unknown")],
)
def test_iptables_knows_them_by_number(condition: str, expected: str) -> None:
    text = f"*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -p tcp --syn {condition} -j DROP\nCOMMIT\n"
    assert verdict(saved(text)) == expected


CHANGED = (
    "*mangle\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -p tcp --syn -j {}\nCOMMIT\n"
    "*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -p tcp {} -j DROP\nCOMMIT\n"
)


@pytest.mark.parametrize(
    ("target", "condition", "expected"),
    [
        ("TCPMSS --set-mss 400", "--syn -m tcpmss --mss 1:500", "unknown"),
        ("TCPMSS --clamp-mss-to-pmtu", "--syn -m tcpmss --mss 1:500", "accept"),
        ("TCPOPTSTRIP --strip-options sack-permitted,timestamp", "--syn --tcp-option 4", "accept"),
        ("TCPOPTSTRIP --strip-options wscale", "--syn --tcp-option 4", "drop"),
        ("HMARK --hmark-tuple src,sport --hmark-mod 2 --hmark-rnd 0xfeed", "-m mark --mark 1", "unknown"),
    ],
)
def test_what_targets_write_is_what_rules_behind_them_read(
    target: str, condition: str, expected: str
) -> None:
    assert verdict(saved(CHANGED.format(target, condition))) == expected


def test_nftables_takes_options_away() -> None:
    gone = {"reset": {"tcp option": {"name": "sack-perm"}}}
    there = {"match": {"op": "==", "left": {"tcp option": {"name": "sack-perm"}}, "right": True}}
    rules = nft(chain("in", "input"), rule("in", SYN, gone), rule("in", SYN, there, DROP))
    assert verdict(rules) == "accept"
