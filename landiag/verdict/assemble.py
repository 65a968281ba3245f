"""From findings to a verdict: which cause comes first, what hides what, and one sentence that says so."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from landiag.checks.case import Answer
from landiag.model.causes import rank
from landiag.model.report import CheckResult, Finding, Outcome, Status, Verdict
from landiag.model.terms import CheckName


class Judgement(Struct, frozen=True):
    """The verdict with the checks and findings it rests on, numbered and in the order of mending."""

    verdict: Verdict
    checks: tuple[CheckResult, ...]
    findings: tuple[Finding, ...]


def judge(answers: Sequence[tuple[str, Answer]], likely: str | None, url: str | None) -> Judgement:
    """Judge the answers of the checks: blocked outranks unknown, unknown outranks clear."""
    findings = _number(answers)
    checks = tuple(
        CheckResult(CheckName(name), said.outcome, said.summary, tuple(_ids(findings, said)))
        for name, said in answers
    )
    ordered = _hide(tuple(findings.values()))
    return Judgement(_verdict(ordered, likely, url), checks, ordered)


def _number(answers: Sequence[tuple[str, Answer]]) -> dict[int, Finding]:
    """Give every finding its id in the order of mending; keyed by the identity of the finding it was."""
    every = [finding for _, said in answers for finding in said.findings]
    every.sort(key=lambda finding: (finding.outcome is not Outcome.BLOCKS, rank(finding.code)))
    return {id(finding): replace(finding, id=f"f{number}") for number, finding in enumerate(every, 1)}


def _ids(numbered: dict[int, Finding], said: Answer) -> list[str]:
    return [numbered[id(finding)].id for finding in said.findings]


def _hide(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Mark the later blocks as hidden by the first: they show only after it is mended."""
    blocking = [finding for finding in findings if finding.outcome is Outcome.BLOCKS]
    if not blocking:
        return findings
    first = blocking[0]
    return tuple(
        replace(finding, hidden_by=first.id) if finding in blocking[1:] else finding for finding in findings
    )


def _verdict(findings: tuple[Finding, ...], likely: str | None, url: str | None) -> Verdict:
    blocking = [finding for finding in findings if finding.outcome is Outcome.BLOCKS]
    if blocking:
        return Verdict(Status.BLOCKED, blocking[0].title, blocking[0].code)
    unknown = [finding for finding in findings if finding.outcome is Outcome.UNKNOWN]
    if unknown:
        if unknown[0].code == "nothing-listening":
            likely = unknown[0].code
        return Verdict(Status.UNDETERMINED, _undetermined(unknown), unknown[0].code, likely)
    where = f": {url}" if url else ""
    return Verdict(Status.CLEAR, f"Nothing found on this machine that stops LAN clients{where}")


def _undetermined(unknown: Sequence[Finding]) -> str:
    """Choose the sentence: what the firewall probably does helps most, where it could not be read."""
    firewall = [
        finding for finding in unknown if finding.code in ("firewall-unreadable", "nothing-listening")
    ]
    return (firewall or unknown)[0].title
