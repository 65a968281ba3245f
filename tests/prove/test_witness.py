"""Where the model and the kernel disagree, the kernel is right, and the report says so."""

from __future__ import annotations

import json
from collections.abc import Iterable

from msgspec.structs import replace

from landiag.checks.case import Answer, Case
from landiag.checks.firewall import check as firewall
from landiag.collect.exchanges.transcript import encode
from landiag.firewall.build import build_ruleset
from landiag.firewall.nft.parse import parse_nft_json
from landiag.model.facts import Reading, ReadStatus
from landiag.model.report import Finding, Outcome, Status, Verdict
from landiag.model.ruleset import Ruleset
from landiag.prove.injection import Transcript
from landiag.prove.plan import plan
from landiag.prove.witness import hear
from landiag.verdict.assemble import judge
from tests.prove.test_fate import ANSWERED, ARRIVED, marker, syn_as_far_as
from tests.prove.test_plan import case

DROPPED = [*ARRIVED, "trace id 9c65ce3e inet filter input rule tcp dport 5000 drop # handle 4 (verdict drop)"]
PASSED = [*ARRIVED, *marker("input_last"), *ANSWERED]


def rules(*expressions: object) -> Ruleset:
    """A table with one input chain; each rule is an `nft -j` match or verdict list, handles from 4."""
    base = {"family": "inet", "table": "filter", "name": "input", "type": "filter", "hook": "input", "prio": 0,
            "policy": "accept", "handle": 1}  # fmt: skip
    lines: list[object] = [
        {"metainfo": {"json_schema_version": 1}},
        {"table": {"family": "inet", "name": "filter", "handle": 1}},
        {"chain": base},
    ]
    for handle, expression in enumerate(expressions, 4):
        lines.append(
            {
                "rule": {
                    "family": "inet",
                    "table": "filter",
                    "chain": "input",
                    "handle": handle,
                    "expr": expression,
                }
            }
        )
    return build_ruleset(parse_nft_json(json.dumps({"nftables": lines}).encode()), {}, [], None)


def drop(port: int) -> list[object]:
    left = {"payload": {"protocol": "tcp", "field": "dport"}}
    return [{"match": {"op": "==", "left": left, "right": port}}, {"drop": None}]


def verdict(
    ruleset: Ruleset, trace: Iterable[str], others: tuple[Finding, ...] = ()
) -> tuple[Verdict, tuple[Finding, ...]]:
    """What is concluded of these rules and this trace, when all other checks find nothing but ``others``."""
    asked: Case = case(ruleset=ruleset)
    injection = plan(asked)
    lines = tuple(line.replace("192.168.77.254", injection.source) for line in trace)
    reading = Reading(injection.call.name, ReadStatus.OK, encode(Transcript(lines, 1)))
    heard, testimony = hear(replace(asked, readings={reading.source: reading}), injection)
    other = Answer(Outcome.BLOCKS if others else Outcome.OK, "", others)
    answers = testimony.testify([("listening", other), ("firewall", firewall.check(heard))])
    judgement = judge(answers, None)
    return testimony.confirm(judgement), judgement.findings


def test_both_say_drop() -> None:
    said, findings = verdict(rules(drop(5000)), DROPPED)
    assert (said.status, said.cause, said.confirmed_by) == (Status.BLOCKED, "firewall-drops", "kernel-trace")
    assert findings[0].evidence[-1].source == "nft monitor trace"
    assert "though" not in findings[0].detail


def test_both_say_accept() -> None:
    said, findings = verdict(rules(drop(8000)), PASSED)
    assert (said.status, said.confirmed_by, findings) == (Status.CLEAR, "kernel-trace", ())


def test_the_model_lets_pass_and_the_kernel_drops() -> None:
    said, findings = verdict(rules(drop(8000)), DROPPED)
    assert (said.status, said.cause, said.confirmed_by) == (Status.BLOCKED, "firewall-drops", "kernel-trace")
    assert "reading the rules said that they let it pass" in findings[0].detail
    assert findings[0].fixes == () or findings[0].fixes[0].verified is not False


def test_the_model_drops_and_the_kernel_lets_pass() -> None:
    said, findings = verdict(rules(drop(5000)), PASSED)
    assert (said.status, said.confirmed_by) == (Status.CLEAR, "kernel-trace")
    (found,) = (finding for finding in findings if finding.paths == ("way1",))
    assert found.outcome is Outcome.WARNS
    assert (
        "though reading the rules said that this stops it: inet filter input: tcp dport 5000 drop"
        in found.title
    )


def test_another_rule_than_the_model_says() -> None:
    trace = [
        *ARRIVED,
        "trace id 9c65ce3e inet filter input rule tcp dport 5000 drop # handle 5 (verdict drop)",
    ]
    said, findings = verdict(rules(drop(5000), drop(5000)), trace)
    assert (said.cause, said.confirmed_by) == ("firewall-drops", "kernel-trace")
    assert "rule 2" in findings[0].title
    assert "though reading the rules said that this stops it" in findings[0].detail


def test_what_the_model_leaves_open_the_kernel_settles() -> None:
    open_rule = [{"match": {"op": "==", "left": {"osf": {"key": "name"}}, "right": "Linux"}}, {"drop": None}]
    undecided = rules(open_rule)
    said, _ = verdict(
        undecided,
        [*ARRIVED, "trace id 9c65ce3e inet filter input rule osf name Linux drop # handle 4 (verdict drop)"],
    )
    assert (said.status, said.cause, said.confirmed_by) == (Status.BLOCKED, "firewall-drops", "kernel-trace")


def test_nothing_seen_is_said_and_leaves_it_open() -> None:
    said, findings = verdict(Ruleset(), [])
    assert (said.status, said.cause, said.confirmed_by) == (Status.UNDETERMINED, "other-firewall", None)
    assert "before the firewall" in findings[0].title


def test_lost_on_the_way_is_open_unless_another_check_knows_why() -> None:
    lost = syn_as_far_as("prerouting_first", "prerouting_last")
    said, _ = verdict(Ruleset(), lost)
    assert (said.status, said.cause) == (Status.UNDETERMINED, "other-firewall")
    known = Finding("reverse-path-filter", Outcome.BLOCKS, "rp_filter")
    said, findings = verdict(Ruleset(), lost, (known,))
    assert (said.cause, said.confirmed_by, len(findings)) == ("reverse-path-filter", "kernel-trace", 1)


def test_a_reset_confirms_that_nothing_listens() -> None:
    reset = [line.replace("0x12", "0x14") for line in PASSED]
    nothing = Finding("nothing-listening", Outcome.BLOCKS, "nothing listens")
    assert verdict(Ruleset(), reset, (nothing,))[0].confirmed_by == "kernel-trace"
    assert verdict(Ruleset(), PASSED, (nothing,))[0].confirmed_by is None
