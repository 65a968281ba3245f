"""macOS and the BSDs: what pf and the application firewall do with the clients' conversation."""

from __future__ import annotations

from collections.abc import Iterator

from landiag.checks.case import Answer, Case, answer, milder, not_applicable
from landiag.checks.macos.alf import allow_program, blocked_by_alf
from landiag.checks.macos.extensions import check_extensions
from landiag.checks.macos.pf import blocked_by_pf
from landiag.collect import bsd_sources
from landiag.firewall.alf import BACKEND as ALF
from landiag.journey.journey import Journey
from landiag.journey.ways import Way
from landiag.model.facts import ReadStatus
from landiag.model.report import Evidence, Finding, Fix, Outcome
from landiag.model.ruleset import Verdict


def check_firewall(case: Case) -> Answer:
    """Check what pf and the application firewall do with the clients' conversation."""
    if case.way is None:
        return not_applicable("no way in")
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
            yield (
                blocked_by_alf(case, way, journey, line)
                if line.chain.backend == ALF
                else blocked_by_pf(case, way, journey, line)
            )


def _undecided(case: Case, way: Way, journey: Journey) -> Iterator[Finding]:
    """Say what leaves it open: pf that only root may read, the list of programs, a signature."""
    lines = [line for line in journey.unknown if line.chain is not None]
    pf = [line for line in lines if line.chain is not None and line.chain.backend != ALF]
    alf = [line for line in lines if line not in pf]
    if pf:
        denied = case.readings.get(bsd_sources.PF_INFO.name)
        reason = pf[0].rule_text
        if denied is not None and denied.status is not ReadStatus.OK:
            reason = f"pfctl: {denied.detail or denied.status.value}"
        yield Finding(
            code="firewall-unreadable",
            outcome=Outcome.UNKNOWN,
            title=f"Whether pf lets other devices in: its rules could not be read ({reason})",
            detail="Only root can read pf's rules.",
            evidence=tuple(Evidence("pfctl", f"input: {line.rule_text}") for line in pf[:3]),
            fixes=(
                Fix(
                    "Look again as root", (f"{case.machine.landiag} check --port {case.port}",), needs="root"
                ),
                Fix("Show its rules", ("pfctl -s info", "pfctl -a '*' -s rules"), needs="root"),
            ),
            paths=(way.id,),
        )
    if alf:
        yield Finding(
            code="firewall-unreadable",
            outcome=Outcome.UNKNOWN,
            title="Whether the macOS firewall lets the program in: it has no entry for it",
            detail="It has no entry for the program, and lets some signed programs in by itself.",
            evidence=tuple(Evidence("socketfilterfw", f"input: {line.rule_text}") for line in alf[:3]),
            fixes=allow_program(case, journey),
            paths=(way.id,),
        )
