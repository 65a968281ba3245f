"""What is done with findings and reports, whoever made them."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from landiag.checks.case import answer
from landiag.model.report import Evidence, Finding, Outcome, Status, worst
from landiag.model.terms import CheckName
from landiag.verdict import algebra
from landiag.verdict.assemble import judge
from tests.render.reports import blocked, clear

RULE = (Evidence("nft list ruleset", "arp filter input: policy drop"),)


def finding(code: str, outcome: Outcome = Outcome.BLOCKS, title: str = "") -> Finding:
    return Finding(code, outcome, title or f"seen: {code}", evidence=RULE, paths=("way1",))


def test_blocked_outranks_unknown_and_unknown_a_warning() -> None:
    order = (Outcome.BLOCKS, Outcome.UNKNOWN, Outcome.WARNS, Outcome.OK, Outcome.NOT_APPLICABLE)
    assert sorted(Outcome, key=lambda one: -one.severity) == list(order)
    assert [worst(order[place:]) for place in range(len(order))] == list(order)
    assert worst(()) is Outcome.OK


def test_one_rule_that_stops_several_packets_is_one_finding() -> None:
    said = answer([finding("firewall-drops")] * 6, "")
    judgement = judge([("firewall", said)], None)
    assert [one.id for one in judgement.findings] == ["f1"]
    assert judgement.checks[0].findings == ("f1",)


def test_two_rules_and_two_clients_stay_two_findings() -> None:
    other = replace(finding("firewall-drops"), evidence=(Evidence("nft list ruleset", "another rule"),))
    judgement = judge([("firewall", answer([finding("firewall-drops"), other], ""))], None)
    assert len(judgement.findings) == 2


def test_the_first_block_hides_the_others_and_makes_the_verdict() -> None:
    said = [
        (
            "firewall",
            answer([finding("firewall-drops"), finding("firewall-unreadable", Outcome.UNKNOWN)], ""),
        ),
        ("listening", answer([finding("bound-to-loopback")], "")),
    ]
    judgement = judge(said, None)
    assert [(one.id, one.code, one.hidden_by) for one in judgement.findings] == [
        ("f1", "bound-to-loopback", None),
        ("f2", "firewall-drops", "f1"),
        ("f3", "firewall-unreadable", None),
    ]
    assert (judgement.verdict.status, judgement.verdict.cause) == (Status.BLOCKED, "bound-to-loopback")


def test_what_is_unknown_leaves_the_verdict_open_and_a_warning_does_not() -> None:
    unknown = [("firewall", answer([finding("firewall-unreadable", Outcome.UNKNOWN)], ""))]
    assert judge(unknown, "firewall-drops").verdict.likely == "firewall-drops"
    assert judge(unknown, None).verdict.status is Status.UNDETERMINED
    warned = [("application", answer([finding("development-server", Outcome.WARNS)], ""))]
    assert judge(warned, None).verdict.status is Status.CLEAR


def test_an_added_finding_stands_in_front_and_in_the_line_of_its_cause() -> None:
    added = algebra.number([finding("peer-down", Outcome.UNKNOWN)], "s")
    report = algebra.add_findings(clear(), added)
    assert report.findings[0].id == "s1"
    (line,) = [one for one in report.checks if one.check is CheckName.PEER]
    assert (line.outcome, line.summary, line.findings) == (Outcome.UNKNOWN, "seen: peer-down", ("s1",))
    others = [one for one in report.checks if one.check is not CheckName.PEER]
    assert others == [one for one in clear().checks if one.check is not CheckName.PEER]


def test_what_is_overruled_warns_and_its_line_with_it() -> None:
    report = blocked()
    findings = tuple(algebra.demote(one, "not so") for one in report.findings)
    lines = algebra.draw_lines(report.checks, findings)
    assert not [
        one
        for one in [*(f.outcome for f in findings), *(line.outcome for line in lines)]
        if one is Outcome.BLOCKS
    ]
    assert not [one for one in findings if one.hidden_by]
    gone = algebra.draw_lines(report.checks, (), empty="not what stopped them")
    assert {one.outcome for one in gone} == {Outcome.OK}
    assert "not what stopped them" in {one.summary for one in gone}


def test_renamed_findings_keep_their_lines_and_what_hides_them() -> None:
    report = algebra.rename(blocked(), "m")
    ids = {one.id for one in report.findings}
    assert all(one.startswith("m-") for one in ids)
    assert {one.hidden_by for one in report.findings} - {None} <= ids
    assert {name for check in report.checks for name in check.findings} <= ids


def test_findings_that_are_alike_keep_a_bounded_number_of_observations() -> None:
    many = [
        replace(
            finding("firewall-drops"), evidence=(Evidence("capture", str(number)),), paths=(f"p{number}",)
        )
        for number in range(1000)
    ]
    (one,) = algebra.unite(many, lambda each: each.code)
    assert (len(one.evidence), len(one.paths)) == (algebra.MAX_EVIDENCE, 1000)


@pytest.mark.parametrize("outcome", [Outcome.WARNS, Outcome.OK, Outcome.NOT_APPLICABLE])
def test_what_neither_blocks_nor_is_unknown_decides_nothing(outcome: Outcome) -> None:
    assert algebra.decisive([finding("firewall-drops", outcome)]) is None
