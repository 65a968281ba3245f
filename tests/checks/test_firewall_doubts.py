"""What the rules leave open: limits, lots, matches that nobody can foresee, rules that could not be read."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from landiag.checks.firewall import check as firewall
from landiag.checks.firewall import doubts as firewall_doubts
from landiag.collect import hints
from landiag.model.facts import Reading, Unknown
from landiag.model.host import Facts
from landiag.model.report import Finding, Outcome
from landiag.model.ruleset import Ruleset
from landiag.model.terms import Symptom
from tests.checks.asked import INFO, MACHINE, case_of, said
from tests.firewall.rules import DROP, chain, match, of_family, rule
from tests.journey.world import BASE, LOCAL, host, input_rules, iptables, route

GAP = Unknown("not allowed", "nft list ruleset", "sudo nft list ruleset")
UNREAD = host(ruleset=Ruleset(gaps=(GAP,)))
USER = replace(MACHINE, info=replace(INFO, privileged=False))
LOTS = "-m statistic --mode random --probability 0.5"


def only(facts: Facts) -> Finding:
    (finding,) = firewall.check(case_of(facts)).findings
    return finding


@pytest.mark.parametrize(
    ("limit", "outcome", "symptom"),
    [
        ("-m limit --limit 25/sec --limit-burst 50", Outcome.WARNS, Symptom.ANSWERED),
        ("-m limit --limit 1/min --limit-burst 2", Outcome.BLOCKS, Symptom.VARIES),
    ],
)
def test_a_limit_blocks_where_an_ordinary_visit_exceeds_it(
    limit: str, outcome: Outcome, symptom: Symptom
) -> None:
    finding = only(
        host(
            ruleset=input_rules(
                "-m state --state ESTABLISHED -j ACCEPT",
                f"-p tcp --dport 5000 {limit} -j ACCEPT",
                policy="DROP",
            )
        )
    )
    assert (finding.code, finding.outcome, finding.symptom) == ("rate-limited", outcome, symptom)
    opened = [line for fix in finding.fixes for line in fix.commands]
    accepted = "iptables-legacy -I INPUT 2 -s 192.168.77.0/24 -p tcp -m tcp --dport 5000 -j ACCEPT"
    assert opened == ([accepted] if outcome is Outcome.BLOCKS else [])


@pytest.mark.parametrize(("target", "code"), [("DROP", "firewall-drops"), ("REJECT", "firewall-rejects")])
def test_a_rule_that_draws_lots_stops_a_part_of_the_connections(target: str, code: str) -> None:
    finding = only(host(ruleset=input_rules(f"-p tcp --dport 5000 {LOTS} -j {target}")))
    assert (finding.code, finding.outcome, finding.symptom) == (code, Outcome.BLOCKS, Symptom.VARIES)
    assert finding.title.startswith("The firewall stops a part of the connections to port 5000 (iptables")


def test_lots_that_send_connections_to_places_that_all_answer_are_no_fault() -> None:
    rules = iptables(f"*mangle\n:INPUT ACCEPT [0:0]\n-A INPUT {LOTS} -j MARK --set-mark 1\nCOMMIT\n")
    assert firewall.check(case_of(host(ruleset=rules))).outcome is Outcome.OK


def test_a_match_that_nobody_can_foresee_is_shown() -> None:
    finding = only(host(ruleset=input_rules("-p tcp --dport 5000 -m string --string x --algo bm -j DROP")))
    assert (finding.code, finding.outcome) == ("firewall-unreadable", Outcome.UNKNOWN)
    assert "it decides by something that can't be foreseen" in finding.title
    assert "--string x" in finding.evidence[0].text


def test_dropped_questions_for_the_address_leave_open_whether_clients_find_the_machine() -> None:
    """The client's question is dropped, but this machine asks for the client's address, which tells its own."""
    asking = match({"payload": {"protocol": "arp", "field": "operation"}}, "request")
    finding = only(host(ruleset=of_family("arp", chain("a", "input"), rule("a", asking, DROP))))
    assert (finding.code, finding.outcome) == ("firewall-drops", Outcome.UNKNOWN)
    assert finding.title.endswith("the firewall drops their questions for its address (ARP, ND)")


@pytest.mark.parametrize(
    ("enabled", "policy", "code", "says"),
    [
        (
            "yes",
            "DROP",
            "firewall-drops",
            "Probably ufw: it is on and denies incoming connections by default.",
        ),
        ("yes", "ACCEPT", None, ""),
        ("no", "DROP", None, ""),
    ],
)
def test_what_anybody_may_read_tells_a_user_what_the_rules_probably_do(
    enabled: str, policy: str, code: str | None, says: str
) -> None:
    readings: dict[str, Reading] = dict([
        said(hints.UFW_CONF, f"ENABLED={enabled}\n"),
        said(hints.UFW_DEFAULTS, f'DEFAULT_INPUT_POLICY="{policy}"\n'),
    ])  # fmt: skip
    case = case_of(UNREAD, readings, machine=USER)
    (finding,) = firewall.check(case).findings
    assert (finding.title, finding.detail) == ("The firewall rules can only be read as root", says)
    assert finding.fixes[0].commands == ("landiag check --port 5000",)
    assert firewall_doubts.likely_cause(case) == code


def test_root_is_told_why_the_rules_could_not_be_read() -> None:
    finding = only(UNREAD)
    assert finding.title == "The firewall could not be read"
    assert finding.detail == "nft list ruleset: not allowed."
    assert finding.fixes[0].commands == ("nft list ruleset",)
    whole = firewall.check(case_of(host(ruleset=GAP))).findings[0]
    assert (whole.code, whole.outcome) == ("firewall-unreadable", Outcome.UNKNOWN)


def test_a_route_that_stops_clients_makes_no_unread_rules_known() -> None:
    blackhole = route("192.168.77.0/24", None, kind="blackhole")
    found = only(replace(UNREAD, routes=(*LOCAL, blackhole)))
    assert (found.code, found.outcome) == ("firewall-unreadable", Outcome.UNKNOWN)


def test_rules_that_were_read_need_no_guess() -> None:
    assert firewall_doubts.likely_cause(case_of(BASE)) is None
    assert firewall_doubts.likely_cause(case_of(UNREAD)) is None
