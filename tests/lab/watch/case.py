"""One scenario: build it, watch on the server, let clients try; what is wrong, a sentence each."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.lab.build import build, take
from tests.lab.client import measure
from tests.lab.hosts import LabError
from tests.lab.network import Lab
from tests.lab.verdicts import EXIT_STATUS, _schema_errors
from tests.lab.warm import Begun
from tests.lab.watch.scenario import Try, Watch

START_SECONDS, END_SECONDS = 40.0, 40.0
OUTPUT, ERRORS = "/run/lab/out", "/run/lab/err"
RECORDING = "/srv/home/watch.json"


def problems(scenario: Watch) -> list[str]:
    """Build the scenario, watch, try, and hold what was said against what really happened."""
    with build(scenario.lab()) as lab:
        watch = begin(lab, scenario.options)
        for step in scenario.during:
            take(lab, step)
        found = list(_try_all(lab, scenario))
        if not found:
            _wait_for_events(lab, len(scenario.tries))
        if not scenario.arrives:
            time.sleep(0.5)
        status, lines = end(lab, watch)
        return found or list(_judge(lab, scenario, status, lines))


def begin(lab: Lab, options: str = "") -> Begun:
    """Start the watch on the server, and wait until it says that it watches."""
    line = f"watch --port 5000 --duration 90 --json --save {RECORDING} --force {options}"
    watch = lab.server.begin(line, OUTPUT, ERRORS)
    deadline = time.monotonic() + START_SECONDS
    while "Watching port" not in lab.server.read(ERRORS):
        if time.monotonic() > deadline or watch.is_over():
            raise LabError(f"watch did not begin: {lab.server.read(ERRORS)}")
        time.sleep(0.05)
    return watch


def end(lab: Lab, watch: Begun) -> tuple[int, list[dict[str, Any]]]:
    """End the watch by Ctrl-C: its exit status, and the JSON lines that it printed."""
    watch.signal(signal.SIGINT)
    status = watch.wait(END_SECONDS)
    return status, _lines(lab)


def _lines(lab: Lab) -> list[dict[str, Any]]:
    text = lab.server.read(OUTPUT)
    return [json.loads(line) for line in text.splitlines()]


def _try_all(lab: Lab, scenario: Watch) -> Iterator[str]:
    with ThreadPoolExecutor(8 if scenario.at_once else 1) as together:
        truths = list(together.map(lambda one: _try(lab, one), scenario.tries))
    for one, truth in zip(scenario.tries, truths, strict=True):
        if one.truth and truth not in one.truth.split("|"):
            yield f"{one.who} gets {truth}, not {one.truth}"


def _try(lab: Lab, one: Try) -> str:
    return measure(lab.host(one.who), one.address, 5000, one.scheme)


def _wait_for_events(lab: Lab, number: int) -> None:
    """Wait until as many attempts are concluded; the verdict on the number comes later."""
    deadline = time.monotonic() + 6.0
    while len(_lines(lab)) < number and time.monotonic() < deadline:
        time.sleep(0.05)


def _judge(lab: Lab, scenario: Watch, status: int, lines: list[dict[str, Any]]) -> Iterator[str]:
    if not lines or lines[-1].get("command") != "watch":
        yield f"no report: exit {status}: {lab.server.run(f'tail -c 600 {ERRORS}', check=False).stdout}"
        return
    *events, report = lines
    yield from _judge_events(scenario, events)
    yield from _judge_report(scenario, status, report)
    yield from _judge_replay(lab, lines)
    yield from _judge_rest(lab)


def _judge_events(scenario: Watch, events: list[dict[str, Any]]) -> Iterator[str]:
    left = [event for event in events if event["event"] == "attempt"]
    for one in scenario.tries:
        found = next((event for event in left if _fits(event, one)), None)
        if found is None:
            said = [(event["client"], event["outcome"], event["cause"], event["summary"]) for event in left]
            yield f"no event {one.client} {one.outcome} {one.cause}: {said}"
            continue
        left.remove(found)
        if found["seconds"] > scenario.slowest:
            yield f"{one.client}: concluded after {found['seconds']} s"
        for words in scenario.summary:
            if words not in found["summary"]:
                yield f"{words!r} is not in {found['summary']!r}"
        if one.cause.startswith("firewall-") and not found["decided_by"]:
            yield f"{one.client}: no rule is named: {found['summary']}"
    yield from (f"one event too many: {event['client']} {event['summary']}" for event in left)


def _fits(event: dict[str, Any], one: Try) -> bool:
    causes = ["" if cause == "-" else cause for cause in one.cause.split("|")]
    return (
        (event["client"], event["address"]) == (one.client, one.address)
        and event["outcome"] in one.outcome.split("|")
        and (event["cause"] or "") in causes
    )


def _judge_report(scenario: Watch, status: int, report: dict[str, Any]) -> Iterator[str]:
    verdict, expected = report["verdict"], scenario.expected
    if (verdict["status"], verdict["cause"]) != (expected.status, expected.cause):
        yield f"the report says {verdict}, not {expected}"
    if status != EXIT_STATUS[verdict["status"]]:
        yield f"exit status {status} with {verdict['status']}"
    if verdict["status"] != "undetermined" and verdict["confirmed_by"] != "watch":
        yield f"confirmed by {verdict['confirmed_by']}"
    shown = [
        f"{one['source']} {one['text']}" for finding in report["findings"] for one in finding["evidence"]
    ]
    yield from (
        f"no evidence {words!r} in {shown}"
        for words in scenario.evidence
        if not any(words in text for text in shown)
    )
    ids = {finding["id"] for finding in report["findings"]}
    named = {name for check in report["checks"] for name in check["findings"]}
    if not named <= ids:
        yield f"checks name findings that are not there: {named - ids}"
    yield from (f"schema: {error}" for error in _schema_errors(report))


def _judge_replay(lab: Lab, lines: list[dict[str, Any]]) -> Iterator[str]:
    """The recording gives the same attempts and the same report."""
    done = lab.server.landiag(f"watch --json --replay {RECORDING}")
    again = [json.loads(line) for line in done.stdout.splitlines()]
    if [_essence(line) for line in again] != [_essence(line) for line in lines]:
        yield f"the replay differs: {[_essence(one) for one in again]} {[_essence(one) for one in lines]} {done.stderr}"


def _essence(line: dict[str, Any]) -> tuple[Any, ...]:
    if line.get("event") == "attempt":
        return tuple(line[name] for name in ("at", "client", "outcome", "cause", "summary"))
    return (line["verdict"]["status"], line["verdict"]["cause"], [one["title"] for one in line["findings"]])


def _judge_rest(lab: Lab) -> Iterator[str]:
    """Nothing runs on, and nothing was said that should not be."""
    errors = lab.server.read(ERRORS)
    if "Traceback" in errors or "bug of landiag" in errors:
        yield errors[-600:]
    if "landiag watch" in lab.server.run("ps -e -o args=", check=False).stdout:
        yield "a process of the watch runs on"
