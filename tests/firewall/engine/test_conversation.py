"""What a ruleset does with a whole conversation."""

from __future__ import annotations

from ipaddress import ip_address

from landiag.firewall.linux import parse_ruleset
from landiag.model.facts import Reading, ReadStatus
from tests.firewall.rules import ACCEPT, DROP, chain, dport, judge, match, nft, packet, rule, saved, verdict

STATE = {"ct": {"key": "state"}}
LIMIT = {"limit": {"rate": 10, "burst": 5, "per": "second"}}


def test_accept_in_one_base_chain_is_not_final() -> None:
    rules = nft(
        chain("a", "input", 0),
        rule("a", dport(5000), ACCEPT),
        chain("b", "input", 10),
        rule("b", dport(5000), DROP),
    )
    told = judge(rules)
    assert told.verdict.value == "drop"
    assert told.decided_by is not None
    assert told.decided_by.rule_text == "tcp dport 5000 drop"


def test_policy_is_a_line_of_the_trace() -> None:
    told = judge(nft(chain("a", "input", policy="drop"), rule("a", dport(22), ACCEPT)))
    assert told.decided_by is not None
    assert (told.decided_by.rule_text, told.verdict.value) == ("policy drop", "drop")


def test_a_ruleset_that_forgets_established_starves_the_client() -> None:
    rules = nft(chain("a", "input", policy="drop"), rule("a", match(STATE, "new", "in"), dport(5000), ACCEPT))
    told = judge(rules)
    assert (told.verdict.value, told.leg) == ("drop", "data")


def test_an_answer_that_may_not_leave() -> None:
    rules = nft(chain("o", "output", policy="drop"))
    assert (verdict(rules), judge(rules).leg) == ("drop", "syn-ack")


def test_a_limit_is_never_guessed() -> None:
    rules = nft(chain("a", "input", policy="drop"), rule("a", dport(5000), LIMIT, ACCEPT))
    assert verdict(rules) == "unknown"
    assert verdict(rules, packet(22)) == "drop"


def test_an_unknown_hides_no_decision_that_does_not_depend_on_it() -> None:
    rules = nft(chain("a", "input"), rule("a", LIMIT, DROP), rule("a", dport(5000), DROP))
    assert verdict(rules) == "drop"


def test_notrack_and_state_new_is_dropped() -> None:
    rules = nft(
        chain("raw", "prerouting", -300),
        rule("raw", {"notrack": None}),
        chain("a", "input", policy="drop"),
        rule("a", match(STATE, ["new", "established"], "in"), ACCEPT),
    )
    assert verdict(rules) == "drop"


def test_redirect_moves_to_another_port() -> None:
    rules = saved(
        "*nat\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -p tcp -m tcp --dport 80 -j REDIRECT --to-ports 5000\nCOMMIT\n"
        "*filter\n:INPUT DROP [0:0]\n-A INPUT -p tcp -m tcp --dport 5000 -j ACCEPT\nCOMMIT\n"
    )
    told = judge(rules, packet(80))
    assert told.verdict.value == "accept"
    assert told.arrivals[0].packet.destination_port == 5000


def test_a_jump_that_returns_goes_on_behind_it() -> None:
    rules = nft(
        chain("a", "input", policy="drop"),
        chain("b"),
        rule("b", dport(22), ACCEPT),
        rule("a", {"jump": {"target": "b"}}),
        rule("a", dport(5000), ACCEPT),
    )
    assert verdict(rules) == "accept"


def test_a_cycle_of_jumps_is_unknown() -> None:
    rules = nft(
        chain("a", "input"),
        chain("b"),
        rule("a", {"jump": {"target": "b"}}),
        rule("b", {"jump": {"target": "b"}}),
    )
    assert verdict(rules) == "unknown"


def test_matches_behind_the_target_count_too() -> None:
    line = "-A INPUT -j DROP -p tcp --dport 5000 -s 192.168.77.0/24 -m state --state NEW"
    rules = saved(f"*filter\n:INPUT ACCEPT [0:0]\n{line}\nCOMMIT\n")
    assert (verdict(rules), verdict(rules, packet(80))) == ("drop", "accept")


def test_a_dormant_table_does_not_filter() -> None:
    rules = nft({"table": {"family": "ip", "name": "z", "flags": ["dormant"]}})
    assert verdict(rules) == "accept"


def test_an_answer_to_udp_that_was_not_tracked_is_new() -> None:
    rules = nft(
        chain("raw", "prerouting", -300),
        rule("raw", {"notrack": None}),
        chain("o", "output"),
        rule("o", match(STATE, "new", "in"), DROP),
    )
    one = packet(protocol="udp", flags=frozenset())
    assert (verdict(rules, one), judge(rules, one).leg) == ("drop", "syn-ack")


def test_a_backend_that_could_not_be_read_leaves_open_what_the_others_accept() -> None:
    denied = Reading("iptables-legacy-save", ReadStatus.DENIED, detail="Operation not permitted")
    empty = Reading("nft-ruleset", ReadStatus.OK, b'{"nftables": []}')
    told = judge(parse_ruleset({"nft-ruleset": empty, "iptables-legacy-save": denied}))
    assert told.verdict.value == "unknown"
    assert told.decided_by is not None
    assert "could not be read (iptables-legacy-save: " in told.decided_by.rule_text


def test_a_drop_is_certain_although_another_backend_could_not_be_read() -> None:
    denied = Reading("nft-ruleset", ReadStatus.DENIED, detail="Operation not permitted")
    rules = b"*filter\n:INPUT DROP [0:0]\nCOMMIT\n"
    legacy = Reading("iptables-legacy-save", ReadStatus.OK, rules)
    assert verdict(parse_ruleset({"nft-ruleset": denied, "iptables-legacy-save": legacy})) == "drop"


ECHO = packet(protocol="icmp", icmp_type=8, icmp_code=0, flags=frozenset(), length=33)


def test_an_echo_whose_answer_may_not_leave() -> None:
    answers = match({"payload": {"protocol": "icmp", "field": "type"}}, "echo-reply")
    rules = nft(chain("o", "output"), rule("o", answers, DROP))
    assert (verdict(rules, ECHO), judge(rules, ECHO).leg) == ("drop", "syn-ack")
    assert verdict(rules) == "accept"


def test_a_reset_is_for_tcp_alone() -> None:
    rules = nft(chain("i", "input"), rule("i", {"reject": {"type": "tcp reset"}}))
    assert verdict(rules) == "reject"
    assert verdict(rules, packet(protocol="udp", flags=frozenset())) == "accept"


def test_a_rejection_of_one_family_passes_the_other() -> None:
    rules = nft(chain("i", "input"), rule("i", {"reject": {"type": "icmp", "expr": "net-prohibited"}}))
    six = packet(source=ip_address("fd77::20"), destination=ip_address("fd77::10"), length=80)
    assert (verdict(rules), verdict(rules, six)) == ("reject", "accept")


def test_an_answer_to_data_that_was_not_tracked_is_out_of_the_window() -> None:
    rules = nft(
        chain("raw", "prerouting", -300),
        rule(
            "raw", match({"payload": {"protocol": "tcp", "field": "flags"}}, "syn", "!="), {"notrack": None}
        ),
        chain("o", "output"),
        rule("o", match(STATE, "invalid", "in"), DROP),
    )
    assert (verdict(rules), judge(rules).leg) == ("drop", "answer")


def test_an_advertisement_of_a_neighbour_is_icmpv6_and_not_tracked() -> None:
    said = packet(protocol="icmpv6", icmp_type=136, icmp_code=0, flags=frozenset(), source=ip_address("fd77::20"),
                  destination=ip_address("fd77::10"))  # fmt: skip
    kind = match({"payload": {"protocol": "icmpv6", "field": "type"}}, "nd-neighbor-advert")
    known = nft(chain("i", "input", policy="drop"), rule("i", match(STATE, "new", "in"), ACCEPT))
    assert verdict(known, said) == "drop"
    assert verdict(nft(chain("i", "input", policy="drop"), rule("i", kind, ACCEPT)), said) == "accept"


def test_a_protocol_by_its_number() -> None:
    rules = nft(chain("i", "input"), rule("i", dport(5000), DROP))
    assert verdict(rules, packet(protocol="6")) == "drop"
