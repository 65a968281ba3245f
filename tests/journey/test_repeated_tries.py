"""A limit that rejects, and behind it silence: each try that gets no answer is counted."""

from __future__ import annotations

import pytest

from landiag.model.terms import Symptom
from tests.journey.world import attempt, host, input_rules

NEW = "-p tcp --dport 5000 -m conntrack --ctstate NEW -m recent"
SILENT = "-p tcp --dport 5000 -j DROP"


def seen(*rules: str) -> Symptom:
    return attempt(host(ruleset=input_rules(*rules))).sight.symptom


@pytest.mark.parametrize(
    ("hits", "seconds", "symptom"),
    [
        (6, 30, Symptom.REFUSED),
        (12, 30, Symptom.REFUSED),
        (12, 1, Symptom.TIMEOUT),
        (200, 60, Symptom.TIMEOUT),
    ],
)
def test_tries_within_a_window(hits: int, seconds: int, symptom: Symptom) -> None:
    limit = f"{NEW} --update --seconds {seconds} --hitcount {hits} -j REJECT"
    assert seen(f"{NEW} --set", limit, SILENT) is symptom


def test_silence_before_the_limit_is_not_counted() -> None:
    limit = f"{NEW} --update --seconds 30 --hitcount 6 -j REJECT"
    assert seen(SILENT, f"{NEW} --set", limit) is Symptom.TIMEOUT
