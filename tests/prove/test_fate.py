"""What the kernel's trace means: texts of `nft -a monitor trace` (nft 1.0.6, Linux 6.18), ids as they came."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from landiag.firewall.build import build_ruleset
from landiag.firewall.ipt.parse import parse_iptables_save
from landiag.model.ruleset import Chain, Hook, Rule, Ruleset, Verdict
from landiag.prove.fate import End, Fate, read_fate
from landiag.prove.injection import Injection, Transcript
from landiag.prove.trace import is_concluded, parse_trace

INJECTION = Injection("eth0", "192.168.77.254", "192.168.77.10", 5000)
SYN_PACKET = (
    'iif "eth0" ether saddr 02:00:6c:61:6e:64 ether daddr ca:fe:80:9e:6f:f8 ip saddr 192.168.77.254 ip daddr'
    " 192.168.77.10 ip dscp cs0 ip ecn not-ect ip ttl 64 ip id 0 ip protocol tcp ip length 60 tcp sport 40001"
    " tcp dport 5000 tcp flags == syn tcp window 64240"
)
ANSWER_PACKET = (
    'oif "eth0" ip saddr 192.168.77.10 ip daddr 192.168.77.254 ip dscp cs0 ip ecn not-ect ip ttl 64 ip id 0'
    " ip protocol tcp ip length 60 tcp sport 5000 tcp dport 40001 tcp flags == 0x{flags} tcp window 65160"
)
KEY = ("nftables", "inet", "filter")
DROP = Rule(1, "tcp dport 5000 drop", (), handle=4)
CHAINS = {
    "input": Chain(*KEY, "input", (Rule(1, "tcp dport 5000 jump lan", (), handle=3),), Hook("input")),
    "lan": Chain(*KEY, "lan", (DROP,)),
}
RULESET = Ruleset({KEY: CHAINS})


def marker(chain: str, *, which: str = "saddr", packet: str = "9c65ce3e", family: str = "inet") -> list[str]:
    text = SYN_PACKET if which == "saddr" else ANSWER_PACKET.format(flags="12")
    place = f"trace id {packet} {family} landiag_prove {chain}"
    rule = f"ip {which} 192.168.77.254 tcp sport 40001 meta nftrace set 1 continue # handle 6"
    return [f"{place} packet: {text} ", f"{place} rule {rule} (verdict continue)", f"{place} policy accept "]


def syn_as_far_as(*chains: str) -> list[str]:
    return [line for chain in chains for line in marker(chain)]


def fate(
    lines: Iterable[str],
    injection: Injection = INJECTION,
    ruleset: Ruleset = RULESET,
    before: tuple[str, ...] = (),
    after: tuple[str, ...] = (),
) -> Fate:
    return read_fate(Transcript(tuple(lines), 1, before, after), injection, ruleset)


ARRIVED = syn_as_far_as("prerouting_first", "prerouting_last", "input_first")
IN_LAN = [
    f"trace id 9c65ce3e inet filter input packet: {SYN_PACKET} ",
    "trace id 9c65ce3e inet filter input rule tcp dport 5000 jump lan # handle 3 (verdict jump lan)",
]
ANSWERED = marker("output_first", which="daddr", packet="5cd47b39") + [
    f"trace id 5cd47b39 inet landiag_prove postrouting_last packet: {ANSWER_PACKET.format(flags='12')} ",
    "trace id 5cd47b39 inet landiag_prove postrouting_last rule ip daddr 192.168.77.254 tcp dport 40001 meta"
    " nftrace set 1 drop # handle 10 (verdict drop)",
]


def test_the_rule_is_found_by_its_handle() -> None:
    drops = (
        'ip saddr 192.168.0.0/16 counter packets 0 bytes 0 drop comment "why not" # handle 4 (verdict drop)'
    )
    lines = [*ARRIVED, *IN_LAN, f"trace id 9c65ce3e inet filter lan rule {drops}"]
    found = fate(lines)
    assert (found.end, found.verdict, found.leg) == (End.STOPPED, Verdict.DROP, "syn")
    assert found.decided_by is not None
    assert (found.decided_by.rule, found.decided_by.hook) == (DROP, "input")
    assert is_concluded(parse_trace(lines))


def test_a_rule_that_nft_does_not_know_is_found_all_the_same() -> None:
    found = fate(
        [*ARRIVED, *IN_LAN, "trace id 9c65ce3e inet filter lan unknown rule handle 4 (verdict drop)"]
    )
    assert found.decided_by is not None
    assert found.decided_by.rule is DROP


def test_a_policy_decides() -> None:
    found = fate([*ARRIVED, IN_LAN[0], "trace id 9c65ce3e inet filter input policy drop "])
    assert found.decided_by is not None
    assert (found.decided_by.rule, found.decided_by.text) == (None, "policy drop")


def test_a_rejection_is_told_from_a_drop() -> None:
    rule = "tcp dport 5000  counter packets 0 bytes 0 reject # handle 9 (verdict drop)"
    assert fate([*ARRIVED, f"trace id 9c65ce3e ip filter INPUT rule {rule}"]).verdict is Verdict.REJECT


def test_a_rejection_whose_answer_is_stopped_is_a_drop() -> None:
    rejects = "trace id 9c65ce3e ip filter INPUT rule reject # handle 9 (verdict drop)"
    answer = [*marker("output_first", which="daddr", packet="e27bf079"),
              "trace id e27bf079 inet filter output policy drop"]  # fmt: skip
    assert fate([*ARRIVED, *answer, rejects]).verdict is Verdict.DROP


def test_an_answer_that_left() -> None:
    found = fate([*ARRIVED, *marker("input_last"), *ANSWERED])
    assert (found.end, found.verdict, found.answer) == (End.ANSWERED, Verdict.ACCEPT, "syn-ack")


@pytest.mark.parametrize(
    ("flags", "kind"),
    [("== 0x14", "reset"), ("== rst | ack", "reset"), ("== syn | ack", "syn-ack"), ("== 0x12", "syn-ack")],
)
def test_flags_as_versions_of_nft_print_them(flags: str, kind: str) -> None:
    lines = [line.replace("== 0x12", flags) for line in ANSWERED]
    assert fate([*ARRIVED, *marker("input_last"), *lines]).answer == kind


def test_an_answer_that_a_rule_stops() -> None:
    stopped = marker("output_first", which="daddr", packet="5cd47b39")
    found = fate(
        [*ARRIVED, *marker("input_last"), *stopped, "trace id 5cd47b39 inet filter output policy drop"]
    )
    assert (found.end, found.leg, found.verdict) == (End.STOPPED, "syn-ack", Verdict.DROP)


def test_nothing_seen_at_all() -> None:
    assert fate([]).end is End.UNSEEN


def test_vanished_between_prerouting_and_input() -> None:
    found = fate(syn_as_far_as("prerouting_first", "prerouting_last"))
    assert (found.end, found.where) == (End.LOST, "prerouting last")


def test_passed_and_not_answered() -> None:
    assert fate([*ARRIVED, *marker("input_last")]).end is End.UNANSWERED


def test_packets_of_others_that_are_traced_too_are_left_out() -> None:
    other = "trace id 11111111 inet filter input rule tcp dport 22 drop # handle 9 (verdict drop)"
    assert fate([other, *ARRIVED, *marker("input_last"), *ANSWERED, other]).end is End.ANSWERED


def test_a_text_over_several_lines_is_one_rule() -> None:
    lines = [
        "trace id 9c65ce3e inet filter input rule tcp dport { 80,",
        "\t\t 5000 } drop # handle 3 (verdict drop)",
    ]
    (event,) = parse_trace(lines)
    assert (event.handle, event.stops) == (3, True)


LEGACY_BEFORE = (
    "*filter", ":INPUT ACCEPT [0:0]", ":FORWARD ACCEPT [0:0]", ":OUTPUT ACCEPT [0:0]",
    "[0:0] -A INPUT -i lo -j ACCEPT", "[0:0] -A INPUT -p tcp -m tcp --dport 5000 -j DROP", "COMMIT",
)  # fmt: skip


def legacy_fate(lines: Iterable[str], after: tuple[str, ...]) -> Fate:
    tables = parse_iptables_save(
        "\n".join(line.partition("] ")[2] or line for line in LEGACY_BEFORE) + "\n", 4
    )
    injection = Injection("eth0", "192.168.77.254", "192.168.77.10", 5000, legacy=("filter",))
    ruleset = build_ruleset([], {}, tables, None)
    return fate(lines, injection, ruleset, before=LEGACY_BEFORE, after=after)


def test_iptables_legacy_is_known_by_the_marker_that_is_missing_and_its_counters() -> None:
    after = tuple(line.replace("[0:0] -A INPUT -p tcp", "[1:60] -A INPUT -p tcp") for line in LEGACY_BEFORE)
    found = legacy_fate(ARRIVED, after)
    assert found.end is End.STOPPED
    assert found.decided_by is not None
    assert found.decided_by.rule is not None
    assert found.decided_by.rule.position == 2
    assert found.decided_by.chain is not None
    assert found.decided_by.chain.backend == "iptables-legacy"


def test_without_a_counter_only_the_table_is_certain() -> None:
    found = legacy_fate(ARRIVED, LEGACY_BEFORE)
    assert (found.end, found.where) == (End.LOST, "input filter")


def test_behind_the_marker_the_table_let_it_pass() -> None:
    found = legacy_fate([*ARRIVED, *marker("input_filter"), *marker("input_last"), *ANSWERED], LEGACY_BEFORE)
    assert found.end is End.ANSWERED
