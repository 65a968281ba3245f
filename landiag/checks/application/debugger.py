"""No fix makes a debugger reachable: one that answers is switched off first, or by the fix itself."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from landiag.checks.application.debugger_asked import debugger_answers, debugger_exchange
from landiag.checks.case import Answer, Case
from landiag.checks.evidence import of_exchange
from landiag.collect.exchanges.http import Exchange, parse_exchange
from landiag.model.report import Finding, Fix, Outcome
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


def find_debugger(case: Case) -> list[Finding]:
    """Warn of a debugger that answers anyone who reaches the port."""
    assert case.way is not None
    exchange = case.parse(debugger_exchange(case, case.way), parse_exchange)
    if not debugger_answers(case) or not isinstance(exchange, Exchange):
        return []
    return [
        Finding(
            code="debugger-exposed",
            outcome=Outcome.WARNS,
            title="Werkzeug's debugger answers: anyone who reaches this port can try to run code on this machine",
            detail="Its PIN is the only lock. Run without debug mode while other devices can connect.",
            evidence=of_exchange(exchange, exchange.best),
            fixes=(
                Fix(
                    "Run without the debugger",
                    needs="user-action",
                    steps=("Start without --debug (FLASK_DEBUG=0, app.run(debug=False)).",),
                ),
            ),
        )
    ]


def _guarded(said: Answer) -> Answer:
    findings = tuple(replace(finding, fixes=tuple(map(_after, finding.fixes))) for finding in said.findings)
    return replace(said, findings=findings)


def _after(fix: Fix) -> Fix:
    if not fix.commands or fix.stop_pid is not None:
        return fix
    return replace(fix, verified=None, steps=(FIRST, *fix.steps))
