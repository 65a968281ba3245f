"""One scenario: build it, measure its truth, ask landiag and nmap on the client; what is wrong, a sentence each."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from typing import Any

from tests.lab.build import build
from tests.lab.client import measure
from tests.lab.network import Lab
from tests.lab.probe.scenario import Probe
from tests.lab.verdicts import Answer, judge, judge_text

NMAP_STATE = re.compile(r"^\d+/tcp\s+(\S+)", re.MULTILINE)
RECORDING = "/srv/home/probe.json"
USER = {"PATH": "/usr/local/bin:/usr/bin:/bin"}


def problems(scenario: Probe, *, user: bool) -> list[str]:
    """Build the scenario and hold landiag against it."""
    with build(scenario.lab()) as lab:
        found = list(_check_truth(lab, scenario))
        return found or list(_check_probe(lab, scenario, user=user))


def _check_truth(lab: Lab, scenario: Probe) -> Iterator[str]:
    if scenario.truth is None:
        return
    truth = measure(lab.client, scenario.address, scenario.port, scenario.scheme)
    if truth not in scenario.truth.split("|"):
        yield f"the client gets {truth}, not {scenario.truth}"


def _check_probe(lab: Lab, scenario: Probe, *, user: bool) -> Iterator[str]:
    answer = ask(lab, scenario, user=user, more=f"--json --save {RECORDING}")
    also = () if user and scenario.root_only else scenario.also
    yield from judge(answer, scenario.expected, also)
    if answer.seconds > scenario.seconds:
        yield f"{answer.line}: took {answer.seconds:.1f} s"
    if scenario.nmap and answer.report:
        yield from _compare(lab, scenario, answer.report, user=user)
    if not user:
        yield from judge_text(ask(lab, scenario, user=user))
        if answer.report:
            yield from _replay(lab, answer.report)


def _replay(lab: Lab, before: dict[str, Any]) -> Iterator[str]:
    """What was asked and answered says the same again, as it is and with names and addresses masked."""
    for options in ("", "--redact"):
        line = f"report {RECORDING} --json {options}"
        done = lab.client.landiag(line)
        after = json.loads(done.stdout) if done.stdout else None
        if after is None or _gist(after) != _gist(before):
            yield f"{line}: {done.stderr or _gist(after or {})}, not {_gist(before)}"


def _gist(report: dict[str, Any]) -> tuple[object, ...]:
    verdict = report.get("verdict", {})
    codes = [(one["code"], one["outcome"]) for one in report.get("findings", ())]
    return (verdict.get("status"), verdict.get("cause"), codes)


def ask(lab: Lab, scenario: Probe, *, user: bool, more: str = "") -> Answer:
    """Type the user's own line on the client."""
    started = time.monotonic()
    line = f"probe {scenario.line} {more}".strip()
    done = lab.client.landiag(line, user=user, environment=scenario.environment)
    return Answer(line, done.returncode, done.stdout, done.stderr, time.monotonic() - started)


def _compare(lab: Lab, scenario: Probe, report: dict[str, Any], *, user: bool) -> Iterator[str]:
    """landiag never contradicts nmap where nmap is right: the state of the port is the same word."""
    six = "-6 " if ":" in scenario.address else ""
    done = lab.client.run(
        f"nmap {six}-n -Pn -p {scenario.port} {scenario.address}", user=user, check=False, timeout=60
    )
    found = NMAP_STATE.search(done.stdout)
    details = [
        stage["detail"]
        for path in report["paths"]
        if path["address"] == scenario.address
        for stage in path["stages"]
        if stage["stage"] == "tcp"
    ]
    if found is None and "0 hosts up" in done.stdout and any("filtered" in detail for detail in details):
        return  # nobody there: nmap names no port
    if found is None or not details:
        yield f"nmap or landiag names no state: {done.stdout[-200:]} {details}"
    elif not any(found[1] in detail for detail in details) and not _is_finer(found[1], details[0], user):
        yield f"nmap says {found[1]}, landiag {details}"


def _is_finer(nmap: str, detail: str, user: bool) -> bool:
    """A connect scan cannot tell an ICMP refusal from a reset, landiag can."""
    return user and nmap == "closed" and "filtered (port-unreach" in detail
