"""Clients' attempts on the terminal, while ``landiag watch`` runs: a line that waits, and is then told for good."""

from __future__ import annotations

import json
import sys
import time
from typing import Any

from landiag.model.report import Outcome, Report, Status
from landiag.render.advice import fix_lines
from landiag.render.columns import cut
from landiag.render.escape import escape_text
from landiag.render.style import Style
from landiag.render.terminal import render_verdict
from landiag.terminal import show_passing
from landiag.watch.conclude import Attempt

EVENT_SCHEMA = "landiag.event/1"
_FIELDS = (
    *("client", "address", "port", "interface", "outcome", "cause", "decided_by", "drop_reason", "summary"),
)


def event_document(attempt: Attempt) -> dict[str, Any]:
    """Make the JSON event of the contract."""
    at = (
        time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(attempt.at))
        + f".{int(attempt.at % 1 * 1000):03d}+00:00"
    )
    fields = {name: getattr(attempt, name) for name in _FIELDS}
    more: dict[str, Any] = {
        "client_port": attempt.client_port,
        "mac": attempt.mac,
        "http_status": attempt.status,
    }
    more |= {
        "seconds": round(attempt.seconds, 3),
        "model_was_wrong": attempt.disagrees,
        "corrects": attempt.is_late,
    }
    return {"schema": EVENT_SCHEMA, "event": "attempt", "at": at, **fields, **more}


def write_line(document: dict[str, Any]) -> None:
    """Print a JSON document as one line, at once: whoever reads it waits for it."""
    sys.stdout.write(json.dumps(document, ensure_ascii=True) + "\n")
    sys.stdout.flush()


_OUTCOMES = {"connected": Outcome.OK, "unanswered": Outcome.UNKNOWN}
"""The marks of attempts; every other outcome is one that was stopped."""


class AttemptPrinter:
    """Prints attempts as they are concluded, as JSON lines or as a table that grows."""

    def __init__(self, style: Style, *, as_json: bool, quiet: bool, redact: bool) -> None:
        from landiag.watch.report import Tally

        self.style, self.as_json, self.quiet, self.redact = style, as_json, quiet, redact
        self.tally = Tally()
        self.shows_waiting = sys.stderr.isatty() and not (as_json or quiet or redact)
        self._waiting = ""

    def begin(self, port: int, duration: float, step: str) -> None:
        """Say that it watches, and what to do now; on standard error, which JSON leaves free."""
        if self.quiet:
            return
        where = f": {step} now" if step and not self.redact else ""
        self._note(f"Watching port {port} for {duration:.0f} s (Ctrl-C ends it){where}")

    def _note(self, text: str) -> None:
        """Say something on standard error, no wider than the terminal."""
        self.wait("")
        sys.stderr.write("".join(f"{line}\n" for line in self.style.wrap(text)))
        sys.stderr.flush()

    def warn(self, base: Report) -> None:
        """Say what stops everybody already: there is no need to wait for that."""
        if base.verdict.status is Status.BLOCKED and not (self.quiet or self.redact):
            style = Style(self.style.width, marks=self.style.marks)
            sys.stderr.write(
                "\n".join([render_verdict(base, style).rstrip(), *fix_lines(base, style), "", ""])
            )
            sys.stderr.flush()

    def remind(self, port: int) -> None:
        """Say that nothing has arrived yet, and what that means most often."""
        if not self.quiet:
            self._note(
                f"No packet for port {port} has arrived yet. Did the other device open exactly the right URL?"
                " Is it in the same network (no guest Wi-Fi, no mobile data, no VPN)?"
            )

    def wait(self, said: str) -> None:
        """Show, on a terminal, what is not concluded yet, in place of what was shown last; empty: nothing waits."""
        if said == self._waiting:
            return
        self._waiting = said
        room = self.style.width - 1  # a full line would begin another one
        show_passing(cut(escape_text(said), room, ""))

    def say(self, attempt: Attempt) -> None:
        """Print one attempt; where it is shared with others, only at the end (--redact knows all names then)."""
        self.tally.add(attempt)
        if self.quiet or self.redact:
            return
        if self.as_json:
            write_line(event_document(attempt))
            return
        self.wait("")
        at = time.strftime("%H:%M:%S", time.localtime(attempt.at))
        outcome = _OUTCOMES.get(attempt.outcome, Outcome.BLOCKS)
        mark = self.style.mark(outcome)
        lines = self.style.wrap(attempt.said, first=f"{mark} {at}  ")
        lines[0] = self.style.painted(outcome) + lines[0][len(mark) :]
        sys.stdout.write("\n".join(lines) + "\n")
        sys.stdout.flush()

    def untold(self, report: Report) -> Report:
        """The report without what was printed of the attempts already."""
        from landiag.watch.report import without_attempts

        return report if self.quiet or self.redact else without_attempts(report, self.tally)

    def part(self) -> None:
        """Leave a line between the attempts and the report."""
        self.wait("")
        if self.tally.counts and not (self.quiet or self.redact):
            sys.stdout.write("\n")
