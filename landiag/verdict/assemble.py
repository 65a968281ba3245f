"""From the answers of the checks to a verdict: which cause comes first, what hides what, and one sentence."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from landiag.checks.case import Answer
from landiag.model.causes.firewall import FIREWALL_UNREADABLE
from landiag.model.causes.listening import NOTHING_LISTENING
from landiag.model.report import CheckResult, ClientSees, Finding, Fix, Outcome, Status, Verdict
from landiag.model.terms import CheckName, Symptom
from landiag.verdict.algebra import decisive, draw_lines, hide, in_order, number, says, unite, verdict_of


class Judgement(Struct, frozen=True):
    """The verdict with the checks and findings it rests on, numbered and in the order of fixing."""

    verdict: Verdict
    checks: tuple[CheckResult, ...]
    findings: tuple[Finding, ...]


def judge(answers: Sequence[tuple[str, Answer]], likely: str | None, who: str = "other devices") -> Judgement:
    """Judge the answers of the checks: blocked outranks unknown, unknown outranks clear."""
    every = (finding for _, said in answers for finding in said.findings)
    findings = hide(_started_once(number(in_order(unite(every, says)))))
    ids = {says(finding): finding.id for finding in findings}
    checks = tuple(
        CheckResult(
            CheckName(name),
            said.outcome,
            said.summary,
            tuple(dict.fromkeys(ids[says(finding)] for finding in said.findings)),
        )
        for name, said in answers
    )
    return Judgement(_verdict(findings, likely, who), checks, findings)


def _started_once(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """The same where a server that two fixes start anew is started by the first one's command, with what that changed.

    The other's is the command as it runs now: it would bring the first fault back.
    """
    ended: set[int] = set()
    told = []
    for finding in findings:
        fixes = tuple(_before_the_start(fix) if fix.stop_pid in ended else fix for fix in finding.fixes)
        ended |= {fix.stop_pid for fix in fixes if fix.stop_pid is not None}
        told.append(replace(finding, fixes=fixes))
    return tuple(told)


def _before_the_start(fix: Fix) -> Fix:
    steps = (*fix.steps, "Then start it again as above.")
    return replace(
        fix, commands=(), undo=(), actions=(), needs="user-action", steps=steps, cwd=None, stop_pid=None
    )


def reconcile(judgement: Judgement, sees: ClientSees) -> Judgement:
    """Hold a verdict against what the client sees: clear needs an answer that is certain."""
    verdict = judgement.verdict
    if verdict.status is not Status.CLEAR or sees.outcome is Symptom.ANSWERED:
        return judgement
    summary = "Whether other devices get in: nothing stops them, but what they see could not be worked out"
    finding = Finding(
        code=FIREWALL_UNREADABLE.code,
        outcome=Outcome.UNKNOWN,
        title=summary,
        detail=f"The attempt was followed to an end that no check explains: {sees.outcome}.",
        id="f0",
    )
    lines = draw_lines(judgement.checks, (*judgement.findings, finding), (finding,))
    return Judgement(verdict_of(finding), lines, (finding, *judgement.findings))


def _verdict(findings: Sequence[Finding], likely: str | None, who: str = "other devices") -> Verdict:
    first = decisive(findings)
    if first is None:
        return Verdict(Status.CLEAR, f"Nothing on this machine stops {who}")
    if first.outcome is Outcome.BLOCKS:
        return verdict_of(first)
    if first.code == NOTHING_LISTENING.code:
        likely = first.code
    return replace(verdict_of(first, _undetermined(findings)), likely=likely)


def _undetermined(findings: Sequence[Finding]) -> str:
    """Choose the sentence: what the firewall probably does helps most, where it could not be read."""
    unknown = [finding for finding in findings if finding.outcome is Outcome.UNKNOWN]
    telling = [one for one in unknown if one.code in (FIREWALL_UNREADABLE.code, NOTHING_LISTENING.code)]
    return (telling or unknown)[0].title
