"""macOS and the BSDs: what pf and the application firewall do with the clients' conversation."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from landiag.checks.case import Answer, Case, answer, milder, no_way_in
from landiag.checks.macos.alf import allow_program, blocked_by_alf, what_is_open
from landiag.checks.macos.extensions import check_extensions
from landiag.checks.macos.pf import blocked_by_pf
from landiag.collect import bsd_sources
from landiag.firewall.alf import BACKEND as ALF
from landiag.firewall.pf import BACKEND as PF
from landiag.journey.journey import Journey
from landiag.journey.ways import Way
from landiag.model.facts import ReadStatus
from landiag.model.report import Evidence, Finding, Fix, Outcome
from landiag.model.ruleset import TraceLine, Verdict


def check_firewall(case: Case) -> Answer:
    """Check what pf and the application firewall do with the clients' conversation."""
    if case.way is None:
        return no_way_in(case)
    findings = list(_check_way(case, case.way))
    codes = {finding.code for finding in findings}
    for way in case.ways[1:]:
        findings += [milder(one, str(way.ip)) for one in _check_way(case, way) if one.code not in codes]
    findings += check_extensions(case)
    return answer(findings, "lets other devices in")


def _check_way(case: Case, way: Way) -> Iterator[Finding]:
    for one in case.classes.get(way.id, ())[:1]:
        journey = one.journey
        line = journey.decided_by
        if journey.verdict is Verdict.UNKNOWN:
            yield from _undecided(case, way, journey)
        elif journey.verdict is not Verdict.ACCEPT and line is not None and line.chain is not None:
            yield _WORDS[line.chain.backend].blocked(case, way, journey, line)


def _undecided(case: Case, way: Way, journey: Journey) -> Iterator[Finding]:
    """Say what leaves it open, of each firewall that does."""
    for backend, words in _WORDS.items():
        lines = [line for line in journey.unknown if line.chain is not None and line.chain.backend == backend]
        if lines:
            yield replace(words.undecided(case, journey, lines), paths=(way.id,))


def _pf_undecided(case: Case, _journey: Journey, lines: Sequence[TraceLine]) -> Finding:
    """Only root may read pf, or something in it was not understood."""
    asked = case.readings.get(bsd_sources.PF_INFO.name)
    denied = asked if asked is not None and asked.status is not ReadStatus.OK else None
    why = "it depends on what can't be seen here"
    if denied is not None:
        said = denied.detail.removeprefix("pfctl: ")
        why = f"its rules could not be read (pfctl: {said or denied.status.value})"
    again = Fix("Look again as root", (f"{case.machine.landiag} {case.asks_again}",), needs="root")
    show = Fix("Show its rules", ("pfctl -s info", "pfctl -a '*' -s rules"), needs="root")
    is_root = case.machine.info.privileged and denied is None
    return Finding(
        code="firewall-unreadable",
        outcome=Outcome.UNKNOWN,
        title=f"Whether pf lets other devices in: {why}",
        detail="" if is_root else "Only root can read pf's rules.",
        evidence=tuple(Evidence("pfctl", f"input: {line.rule_text}") for line in lines[:3]),
        fixes=(show,) if is_root else (again, show),
    )


def _alf_undecided(case: Case, journey: Journey, lines: Sequence[TraceLine]) -> Finding:
    """What it says was not read, the program is not known, or who signed it."""
    why, shows = what_is_open(case, journey)
    return Finding(
        code="firewall-unreadable",
        outcome=Outcome.UNKNOWN,
        title=f"Whether the macOS firewall lets the program in: {why}",
        detail="" if shows else "It lets some signed programs in by itself.",
        evidence=tuple(Evidence("socketfilterfw", f"input: {line.rule_text}") for line in lines[:3]),
        fixes=(*shows, *allow_program(case, journey)),
    )


class _Words(Struct, frozen=True):
    """What is said of one firewall: that it blocks, and that nobody knows whether it does."""

    blocked: Callable[[Case, Way, Journey, TraceLine], Finding]
    undecided: Callable[[Case, Journey, Sequence[TraceLine]], Finding]


_WORDS: Mapping[str, _Words] = {
    PF: _Words(blocked_by_pf, _pf_undecided),
    ALF: _Words(blocked_by_alf, _alf_undecided),
}
"""Every firewall of these systems, by the backend that its chains name."""
