"""What changed between two reports of one machine ("it worked yesterday"), the most telling change first. Pure.

Reports alone tell what they say; where both are replays of recordings, the facts tell every rule, listener,
address and route that came or went.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from landiag.model.causes import rank
from landiag.model.host import Facts
from landiag.model.report import Outcome, Path, Report, Stage
from landiag.verdict.change import KINDS, Change
from landiag.verdict.compare_facts import compare_facts, compare_sets

_KINDS_OF_CHECKS = {
    "listening": ("listener",),
    "port": ("listener",),
    "addresses": ("address",),
    "firewall": ("profile", "reach", "rule"),
    "way-back": ("route", "rule", "address"),
    "application": ("listener",),
    "peer": ("address", "route"),
}
"""What explains a change of a check's outcome."""


def compare(before: Report, after: Report, facts: tuple[Facts, Facts] | None = None) -> tuple[Change, ...]:
    """List what changed. ``facts`` are those behind the reports, where both are recordings."""
    changes = [*_compare_questions(before, after), *_compare_verdicts(before, after)]
    if facts is None:
        changes += [*_compare_deciders(before, after), *_compare_sockets(before, after)]
        changes += compare_sets("address", "The way in by", _ways(before), _ways(after))
    else:
        changes += compare_facts(*facts)
    changes += [*_compare_checks(before, after), *_compare_machines(before, after)]
    changes += _compare_readings(before, after)
    order = _order(before, after)
    return tuple(sorted(changes, key=lambda change: order.index(change.kind)))


def _order(before: Report, after: Report) -> list[str]:
    """Put the kinds first that explain why the verdict changed."""
    blocking = [
        finding for finding in (*after.findings, *before.findings) if finding.outcome is Outcome.BLOCKS
    ]
    cause = min(blocking, key=lambda finding: rank(finding.code), default=None)
    checks = [
        check.check
        for report in (after, before)
        for check in report.checks
        if cause and cause.id in check.findings
    ]
    telling = [kind for check in checks[:1] for kind in _KINDS_OF_CHECKS.get(check, ())]
    return [*dict.fromkeys(("question", "verdict", *telling, *KINDS))]


def _compare_questions(before: Report, after: Report) -> list[Change]:
    names = ("port", "protocol", "peer", "address", "interface", "scheme")
    pairs = [(name, getattr(before.target, name), getattr(after.target, name)) for name in names]
    pairs.append(("command", before.command, after.command))
    return [
        _changed("question", f"The two reports were asked different things: {name}", old, new)
        for name, old, new in pairs
        if old != new
    ]


def _compare_verdicts(before: Report, after: Report) -> list[Change]:
    old, new = before.verdict, after.verdict
    if (old.status, old.cause) == (new.status, new.cause):
        return []
    text = (
        f"It was {old.status.value}, now it is {new.status.value}: {new.summary}"
        if old.status is not new.status
        else f"Still {new.status.value}, for another reason: {new.summary}"
    )
    return [Change("verdict", text, _cause(before), _cause(after))]


def _cause(report: Report) -> str:
    return report.verdict.cause or report.verdict.status.value


def _changed(kind: str, what: str, old: object, new: object) -> Change:
    shown = ["nothing" if value in (None, "") else str(value) for value in (old, new)]
    return Change(
        kind,
        f"{what} was {shown[0]}, now {shown[1]}",
        *("" if value is None else str(value) for value in (old, new)),
    )


def _pairs(before: Report, after: Report) -> list[tuple[Path, Path]]:
    """Pair the ways in by their address; a first way whose address changed is still the first way."""
    olds = {path.address: path for path in before.paths}
    pairs = [(olds[path.address], path) for path in after.paths if path.address in olds]
    if not pairs and before.paths and after.paths:
        pairs = [(before.paths[0], after.paths[0])]
    return pairs


def _met(before: Report, after: Report) -> Iterator[tuple[Stage, Stage]]:
    """Pair the stages that the conversation reaches in both reports: of one that it does not reach nothing is said."""
    for old, new in _pairs(before, after):
        stages = {stage.stage: stage for stage in old.stages}
        for stage in new.stages:
            was = stages.get(stage.stage)
            if was is not None and Outcome.NOT_APPLICABLE not in (was.outcome, stage.outcome):
                yield was, stage


def _compare_deciders(before: Report, after: Report) -> list[Change]:
    """Compare which rule decides at each stage of the ways in that both reports have."""
    changes: dict[str, Change] = {}
    for was, stage in _met(before, after):
        if stage.stage in ("socket", "accept-queue"):
            continue
        if (was.outcome, was.decided_by) != (stage.outcome, stage.decided_by):
            old_text, new_text = (
                f"{one.outcome.value} {one.decided_by or one.detail}".strip() for one in (was, stage)
            )
            change = _changed(
                _kind_of(stage), f"At the stage {stage.stage}, the decision", old_text, new_text
            )
            changes.setdefault(change.text, change)
    return list(changes.values())


def _kind_of(stage: Stage) -> str:
    if "route" in stage.stage:
        return "route"
    return "address" if stage.stage in ("link", "address") else "rule"


def _compare_sockets(before: Report, after: Report) -> list[Change]:
    sockets = [pair for pair in _met(before, after) if pair[0].stage == "socket"]
    old, new = (_socket_texts(pair[side] for pair in sockets) for side in (0, 1))
    return compare_sets("listener", "On the port:", old, new)


def _socket_texts(stages: Iterable[Stage]) -> list[str]:
    texts = {stage.decided_by or stage.detail for stage in stages}
    return sorted(text for text in texts if text)


def _ways(report: Report) -> list[str]:
    return [
        f"{path.address} on {path.interface}" if path.interface else path.address for path in report.paths
    ]


def _compare_checks(before: Report, after: Report) -> list[Change]:
    olds = {check.check: check for check in before.checks}
    changed = [
        (olds[check.check], check)
        for check in after.checks
        if check.check in olds and check.outcome is not olds[check.check].outcome
    ]
    return [
        Change(
            "check",
            f"The check {new.check} was {old.outcome.value}, now {new.outcome.value}: {new.summary}",
            old.summary,
            new.summary,
        )
        for old, new in changed
    ]


def _compare_machines(before: Report, after: Report) -> list[Change]:
    names = ("hostname", "os_version", "kernel", "environment")
    pairs = [(name, getattr(before.host, name), getattr(after.host, name)) for name in names]
    pairs.append(("landiag", before.tool_version, after.tool_version))
    rights = [("as root" if report.host.privileged else "as a normal user") for report in (before, after)]
    pairs.append(("the user who asked", rights[0], rights[1]))
    return [_changed("machine", f"The machine: {name}", old, new) for name, old, new in pairs if old != new]


def _compare_readings(before: Report, after: Report) -> list[Change]:
    olds = {note.source: note.status for note in before.readings}
    return [
        _changed("reading", f"The reading {note.source}", olds[note.source], note.status)
        for note in after.readings
        if note.source in olds and olds[note.source] != note.status
    ]
