"""Lists of ``-m recent``: who is on one, and how long ago it was seen by the kernel's clock."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from landiag.firewall.ipt.recent import CLOCK as KERNEL_CLOCK
from landiag.firewall.ipt.recent import list_sources, parse_clock, parse_list
from landiag.firewall.linux import parse_ruleset, plan
from landiag.model.facts import ParseError, Reading, ReadStatus
from landiag.model.ruleset import Ruleset
from tests.firewall.rules import packet, verdict

FILTER = "*filter\n:INPUT ACCEPT [0:0]\n{}\nCOMMIT\n"
LIST = "src=192.168.77.20 ttl: 0 last_seen: 4308556619 oldest_pkt: 2 4308556600, 4308556619\n"
NAMED = "--name bad --mask 255.255.255.255 --rsource"


CLOCK = "now at {} nsecs\njiffies: {}\n"


def clock(ago: int, rate: int = 250) -> str:
    """The kernel's clock so many seconds after the last entry of the list."""
    jiffies = 4308556619 + ago * rate
    return CLOCK.format(int(((jiffies - (1 << 32)) / rate + 300) * 1e9), jiffies)


def ruleset(*rules: str, listed: str | None = LIST, now: str | None = None) -> Ruleset:
    text = FILTER.format("\n".join(f"-A INPUT {one}" for one in rules))
    readings = {
        "iptables-save": Reading("iptables-save", ReadStatus.OK, text.encode()),
        "nft-ruleset": Reading("nft-ruleset", ReadStatus.OK, b'{"nftables": []}'),
    }
    for source in plan(readings):
        status = ReadStatus.MISSING if listed is None else ReadStatus.OK
        readings[source.name] = Reading(source.name, status, (listed or "").encode())
    if now is not None:
        readings[KERNEL_CLOCK.name] = Reading(KERNEL_CLOCK.name, ReadStatus.OK, now.encode())
    return parse_ruleset(readings)


@pytest.mark.parametrize(
    ("options", "client", "expected"),
    [
        ("--rcheck", "192.168.77.20", "drop"),
        ("--rcheck", "192.168.77.21", "accept"),
        ("! --rcheck", "192.168.77.21", "drop"),
        ("--update --seconds 60", "192.168.77.20", "unknown"),
        ("--update --seconds 60", "192.168.77.21", "accept"),
        ("! --update --seconds 60", "192.168.77.21", "drop"),
        ("--remove", "192.168.77.20", "drop"),
    ],
)
def test_who_is_on_a_list(options: str, client: str, expected: str) -> None:
    rules = ruleset(f"-m recent {options} {NAMED} -j DROP")
    assert verdict(rules, packet(source=ip_address(client))) == expected


@pytest.mark.parametrize(
    ("options", "ago", "expected"),
    [
        ("--rcheck --seconds 60", 10, "drop"),
        ("--rcheck --seconds 60", 50, "unknown"),  # by the time that the client tries
        ("--rcheck --seconds 60", 61, "accept"),
        ("! --rcheck --seconds 60", 61, "drop"),
        ("--rcheck --seconds 60 --hitcount 2", 10, "drop"),
        ("--rcheck --seconds 60 --hitcount 3", 10, "unknown"),
        ("--rcheck --hitcount 2", 100000, "drop"),
    ],
)
def test_who_was_seen_lately(options: str, ago: int, expected: str) -> None:
    rules = ruleset(f"-m recent {options} {NAMED} -j DROP", now=clock(ago))
    assert verdict(rules, packet(source=ip_address("192.168.77.20"))) == expected


@pytest.mark.parametrize("rate", [100, 250, 300, 1000])
def test_the_rate_of_the_kernels_clock_is_told_by_the_clock(rate: int) -> None:
    found = parse_clock(clock(5, rate))
    assert found is not None
    assert found.rate == rate


def test_a_clock_that_cannot_be_told() -> None:
    assert parse_clock(CLOCK.format(300_000_000_000, 1 << 32)) is None
    with pytest.raises(ParseError):
        parse_clock("jiffies: 1\n")


def test_a_rule_that_asks_nothing_of_its_list_is_unknown() -> None:
    damaged = ruleset(f"-m recent {NAMED} -j DROP")
    assert verdict(damaged, packet(source=ip_address("192.168.77.20"))) == "unknown"


def test_a_list_that_was_not_read_is_unknown() -> None:
    rules = ruleset(f"-m recent --rcheck {NAMED} -j DROP", listed=None)
    assert verdict(rules, packet(source=ip_address("192.168.77.21"))) == "unknown"


def test_who_is_put_on_a_list_is_on_it() -> None:
    rules = ruleset(f"-m recent --set {NAMED}", f"-m recent --rcheck {NAMED} -j DROP", listed="")
    assert verdict(rules, packet(source=ip_address("192.168.77.21"))) == "drop"


def test_lists_are_files_of_their_names() -> None:
    found = list_sources(
        [b"-A INPUT -m recent --rcheck --name bad -j DROP\n-A INPUT -m recent --name ../x --set"]
    )
    assert {name: source.path for name, source in found.items()} == {"bad": "/proc/net/xt_recent/bad"}


@pytest.mark.parametrize(
    "text", ["src=x ttl: 0 last_seen: 1 oldest_pkt: 1 1", "192.168.77.20", "src=10.0.0.1 ttl: 0"]
)
def test_what_is_no_list_is_an_error(text: str) -> None:
    with pytest.raises(ParseError):
        parse_list("bad", text)
