"""What a client sees of findings: the first cause that stops it, and never more than is known."""

from __future__ import annotations

import pytest

from landiag.model.causes import CAUSES
from landiag.model.report import Finding, Outcome
from landiag.model.terms import Symptom
from landiag.verdict.symptom import client_sees, describe_symptom
from tests.model.expected import ROWS, Row


def finding(code: str, outcome: Outcome = Outcome.BLOCKS, symptom: Symptom | None = None) -> Finding:
    return Finding(code, outcome, f"seen: {code}", symptom=symptom)


@pytest.mark.parametrize("row", [row for row in ROWS if row.worst == "blocks"], ids=lambda row: row.code)
def test_a_cause_says_its_first_symptom_unless_its_finding_knows_better(row: Row) -> None:
    assert client_sees([finding(row.code)]).outcome == (row.symptoms[0] if row.symptoms else Symptom.UNKNOWN)
    assert client_sees([finding(row.code, symptom=Symptom.UNKNOWN)]).outcome is Symptom.UNKNOWN
    for symptom in row.symptoms:
        assert client_sees([finding(row.code, symptom=Symptom(symptom))]).outcome == symptom


def test_the_first_block_counts_and_warnings_change_nothing() -> None:
    found = [
        finding("development-server", Outcome.WARNS),
        finding("bound-to-loopback"),
        finding("host-header-rejected"),
    ]
    assert client_sees(found).outcome is Symptom.REFUSED
    assert client_sees(found[:1], 200).outcome is Symptom.ANSWERED
    assert client_sees(found[:1], 200).http_status == 200


def test_an_answer_is_said_as_the_person_sees_it() -> None:
    said = {status: describe_symptom(Symptom.ANSWERED, status).text for status in (200, 302, 404)}
    assert said == {
        200: "Other devices see: an answer (HTTP 200).",
        302: "Other devices see: a redirect (HTTP 302).",
        404: "Other devices see: an error page (HTTP 404).",
    }


def test_what_is_not_known_is_unknown() -> None:
    seen = client_sees([finding("firewall-unreadable", Outcome.UNKNOWN)], 200)
    assert (seen.outcome, seen.http_status) == (Symptom.UNKNOWN, None)


def test_what_does_not_belong_to_a_symptom_is_left_out() -> None:
    assert describe_symptom(Symptom.TIMEOUT, 200, 0.5) == describe_symptom(Symptom.TIMEOUT)
    assert describe_symptom(Symptom.VARIES, share=0.5).share == 0.5


def test_what_an_unread_firewall_leaves_open_is_said_with_what_is_seen_otherwise() -> None:
    seen = describe_symptom(Symptom.UNKNOWN, perhaps=Symptom.REFUSED)
    assert (seen.outcome, seen.perhaps) == (Symptom.UNKNOWN, Symptom.REFUSED)
    assert seen.text == "Other devices see: connection refused, at once, unless a firewall here drops it."


@pytest.mark.parametrize("symptom", Symptom)
def test_every_symptom_is_a_sentence_of_its_own(symptom: Symptom) -> None:
    texts = {describe_symptom(one).text for one in Symptom}
    assert len(texts) == len(Symptom)
    named = describe_symptom(symptom, who="192.168.77.20").text
    assert "192.168.77.20" in named
    assert "they" not in named
    assert named.endswith(".")


def test_every_symptom_of_a_row_can_be_said() -> None:
    assert {one for cause in CAUSES for one in cause.symptoms} < set(Symptom)
