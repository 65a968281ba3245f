"""Recorded cases: a recording, the verdict that it must give, and where it is from; one text file each."""

from __future__ import annotations

from msgspec import Struct

from landiag.model.recording import Recording
from landiag.model.regex import regex
from landiag.model.report import Report

SUFFIX = ".case"

_NAME = regex(r"[a-z0-9]+(-[a-z0-9]+)*")


class Fixture(Struct, frozen=True):
    """A case: its recording, the verdict that it must give, and where it is from.

    ``origin`` is ``recorded`` or ``synthetic``; ``description`` says from where, or what it shows. ``says`` is the
    report as a terminal shows it; empty in cases of before.
    """

    name: str
    recording: Recording
    status: str
    cause: str | None = None
    codes: tuple[str, ...] = ()
    origin: str = "recorded"
    description: str = ""
    says: str = ""


def fixture_name(report: Report) -> str:
    """Make the name of a case: the operating system and the cause."""
    return f"{report.host.os}-{report.verdict.cause or report.verdict.status.value}"


def fixture_of(
    recording: Recording, report: Report, says: str, name: str | None = None, description: str = ""
) -> Fixture:
    """Make a case of a recording and of what it gives today. Raises ValueError for a name that is none."""
    chosen = name or fixture_name(report)
    if not _NAME.fullmatch(chosen):
        raise ValueError(
            f"{chosen!r} is not a name for a case: small letters, digits and hyphens, for example linux-ufw"
        )
    return Fixture(
        name=chosen,
        recording=recording,
        status=report.verdict.status.value,
        cause=report.verdict.cause,
        codes=tuple(dict.fromkeys(finding.code for finding in report.findings)),
        description=description or ("redacted by landiag" if recording.options.get("redacted") else ""),
        says=says,
    )
