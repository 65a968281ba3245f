"""No fix makes a debugger reachable: one that answers is switched off first, or by the fix itself."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from landiag.checks.case import Answer, Case
from landiag.checks.exchange import debugger_answers
from landiag.model.report import Fix
from landiag.servers.debugger import EXPLAINED

FIRST = f"First start the server without its debugger: {EXPLAINED}."


def keep_debugger_closed(case: Case, answers: Sequence[tuple[str, Answer]]) -> list[tuple[str, Answer]]:
    """Answers whose fixes let nobody reach a debugger that was seen to answer.

    A fix that starts the server anew switches it off by itself (``restart``); one that opens the way to the
    server as it is comes after that, and is not called verified.
    """
    if not debugger_answers(case):
        return list(answers)
    return [(name, _guarded(said)) for name, said in answers]


def _guarded(said: Answer) -> Answer:
    findings = tuple(replace(finding, fixes=tuple(map(_after, finding.fixes))) for finding in said.findings)
    return replace(said, findings=findings)


def _after(fix: Fix) -> Fix:
    if not fix.commands or fix.stop_pid is not None:
        return fix
    return replace(fix, verified=None, steps=(FIRST, *fix.steps))
