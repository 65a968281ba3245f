"""The client's symptom in the words of the report (``client_sees``), held against what a client measured."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

OUTCOMES = {
    "served": "answered",
    "connected": "answered",
    "not-http": "answered",
    "refused": "refused",
    "rejected port-unreachable": "refused",
    "closed": "reset",
    "sometimes": "varies",
}
SAME = ("unreachable", "timeout", "silent", "stalled", "reset")


def symptoms(truth: str) -> set[tuple[str, int | None]]:
    """Outcome and HTTP status (None: any) for what exchange.py measured; several where ``a|b`` are right."""
    return {_symptom(word) for word in truth.split("|")}


def _symptom(word: str) -> tuple[str, int | None]:
    if word in SAME:
        return word, None
    if word.startswith("http "):
        return "answered", int(word[5:])
    if word.startswith("rejected ") and word not in OUTCOMES:
        return "unreachable", None
    return OUTCOMES[word], None


def is_said(report: dict[str, Any]) -> bool:
    """Whether the report speaks of the client's symptom at all."""
    return bool(report.get("verdict", {}).get("client_sees"))


def judge_symptom(report: dict[str, Any], truth: str) -> Iterator[str]:
    """What is wrong with the symptom that the report predicts; nothing where it says none."""
    if not is_said(report):
        return
    verdict = report["verdict"]
    sees = verdict["client_sees"]
    if sees["outcome"] == "unknown":
        is_open = any(one["outcome"] == "unknown" for one in report.get("findings", ())) or "|" in truth
        if verdict["status"] != "undetermined" and not is_open:
            yield f"{verdict['status']}, and the client's symptom is unknown: {sees['text']}"
        return
    expected = symptoms(truth)
    if sees["outcome"] == "varies" and {"served", "refused", "timeout"} <= set(truth.split("|")):
        return  # which of two devices answers is nobody's choice
    if not any(_agrees(sees, outcome, status) for outcome, status in expected):
        said = " ".join(str(word) for word in (sees["outcome"], sees.get("http_status")) if word)
        yield f"the client gets {truth}, and is said to see {said}: {sees['text']}"


def _agrees(sees: dict[str, Any], outcome: str, status: int | None) -> bool:
    said = sees.get("http_status")
    return bool(sees["outcome"] == outcome) and (status is None or said is None or said == status)
