"""What every format of a report shows, in the same words and the same order; formats only lay it out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from landiag.model.actions import Lasts
from landiag.model.report import CheckResult, Finding, Fix, Outcome, Path, Report, Status
from landiag.model.surroundings import Attachment, Gateway, Surroundings
from landiag.model.terms import CheckName
from landiag.render.headline import after_colon, ended

T = TypeVar("T")

CHECK_LABELS = {CheckName.ADDRESSES: "address", CheckName.WAY_BACK: "reply route", CheckName.PEER: "network"}
"""What people read for the checks whose name in the JSON says less."""

OUTCOME_WORDS = {
    Outcome.OK: "ok",
    Outcome.BLOCKS: "blocks",
    Outcome.WARNS: "warning",
    Outcome.UNKNOWN: "not known",
    Outcome.NOT_APPLICABLE: "not judged",
}

REDACTED = "names and addresses are replaced, the same one always by the same"
REDACTED_LINE = f"Redacted: {REDACTED}."

ON_THE_CLIENT = "Run without --redact for what to open and to type on the other device."
"""In place of addresses and commands that nobody could use."""


def label_of(check: CheckResult) -> str:
    """What people read for a check: the JSON's name, or a plainer one."""
    return CHECK_LABELS.get(check.check, str(check.check))


MOST_ROWS = 200
"""Rows that a page shows of one table; the JSON has all."""

MOST_LISTED = 8
"""Interfaces and gateways that are named in one line; the JSON has all."""

MOST_TEXT = 1500
"""Characters that a page shows of one text; the JSON has all."""


def facts(report: Report) -> list[tuple[str, str]]:
    """List who made the report, when, and what was asked, as pairs of label and text."""
    host, target = report.host, report.target
    asked = [f"{report.command}, port {target.port}/{target.protocol}" if target.port else report.command]
    asked += [f"{name} {value}" for name, value in _options(report) if value]
    around = report.surroundings
    asked += [] if around is None else [f"{one.name} {one.value}".strip() for one in around.options]
    rights = "as administrator" if host.privileged else "as a normal user"
    return [
        ("Asked", ", ".join(asked)),
        ("Machine", f"{host.hostname}: {host.os_version}, {host.kernel}, {host.environment}"),
        ("Read", f"{report.created}, {rights}, by landiag {report.tool_version}"),
        *([] if around is None else _connections(around)),
        *([("Redacted", REDACTED)] if report.redacted else []),
    ]


def _connections(around: Surroundings) -> list[tuple[str, str]]:
    """What the server calls itself, and what the machine is connected to."""
    return [
        *([("Server", f"calls itself {around.server}")] if around.server else []),
        ("Networks", _listed(around.attachments, _attachment)),
        ("Gateways", _listed(around.gateways, _gateway)),
    ]


def _listed(found: Sequence[T] | None, say: Callable[[T], str]) -> str:
    if found is None:
        return "could not be read"
    shown, missing = found[:MOST_LISTED], len(found) - MOST_LISTED
    more = [f"{missing} more"] if missing > 0 else []
    return "; ".join([*map(say, shown), *more]) or "none"


def _attachment(one: Attachment) -> str:
    state = one.kind if one.up else f"{one.kind}, off"
    return f"{one.interface} ({state}) {', '.join(one.addresses)}"


def _gateway(one: Gateway) -> str:
    return f"{one.address} by {one.interface}" if one.interface else one.address


def _options(report: Report) -> list[tuple[str, str | None]]:
    target = report.target
    scheme = None if target.scheme == "auto" else target.scheme
    return [
        ("client", target.peer),
        ("address", target.address),
        ("interface", target.interface),
        ("scheme", scheme),
    ]


def confirmation(report: Report) -> str:
    """Say who confirmed the verdict, or where it points when it is not certain; empty without either."""
    verdict = report.verdict
    if verdict.confirmed_by:
        by = {
            "kernel-trace": "the kernel's own trace",
            "watch": "packets that were seen",
            "peer": "the client",
        }
        return f"Confirmed by {by.get(verdict.confirmed_by, verdict.confirmed_by)}."
    return f"What could be read points to {verdict.likely}." if verdict.likely else ""


def fixes_in_order(report: Report) -> list[tuple[Finding, Fix]]:
    """List the fixes of what stops clients or is not known, in order; those of warnings when all is clear."""
    wanted = (Outcome.WARNS,) if report.verdict.status is Status.CLEAR else (Outcome.BLOCKS, Outcome.UNKNOWN)
    return [
        (finding, fix) for finding in report.findings if finding.outcome in wanted for fix in finding.fixes
    ]


def lasting(fix: Fix) -> str:
    """Say how long a fix lasts where the next start takes it, and how to keep it; empty where it stays."""
    if fix.lasts is not Lasts.UNTIL_RESTART:
        return ""
    until = "Lasts until this machine restarts"
    return f"{until}. To keep it: {fix.keep}." if fix.keep else f"{until}."


def stop_of(path: Path) -> int | None:
    """Find the stage at which the conversation stops, or is not known to pass; None when it arrives."""
    for wanted in (Outcome.BLOCKS, Outcome.UNKNOWN):
        for number, stage in enumerate(path.stages):
            if stage.outcome is wanted:
                return number
    return None


def describe_path(path: Path) -> str:
    """Say in one sentence how far the conversation gets on this way in."""
    place = f"{path.address} on {path.interface}" if path.interface else path.address
    number = stop_of(path)
    if number is None:
        return f"To {place}: nothing was found that stops the packets."
    stage = path.stages[number]
    verb = "stops at" if stage.outcome is Outcome.BLOCKS else "can be followed only to"
    said = f"To {place}: the conversation {verb} the stage {stage.stage}"
    return ended(f"{said}: {after_colon(stage.detail)}" if stage.detail else said)


def clip(text: str, most: int = MOST_TEXT) -> str:
    """Cut a long text and say how much is missing."""
    return text if len(text) <= most else f"{text[:most]} ... ({len(text) - most} more characters)"


def clip_rows(rows: Sequence[T], most: int = MOST_ROWS) -> tuple[Sequence[T], str]:
    """Cut a long table, with the sentence that says so; the sentence is empty when nothing was cut."""
    missing = len(rows) - most
    return (rows, "") if missing <= 0 else (rows[:most], f"{missing} more are in the JSON report.")
