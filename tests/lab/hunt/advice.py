"""landiag's advice, carried out as printed until it says clear; then the client must connect."""

from __future__ import annotations

import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from tests.lab.build import wait_for_listeners
from tests.lab.fixes import ANSWERS, OTHER_PORT
from tests.lab.hunt.machine import RANDOM, Machine
from tests.lab.hunt.truth import MANY, burst
from tests.lab.network import Lab
from tests.lab.verdicts import Answer, ask

ROUNDS = 6
CONNECTED, NO_COMMAND, OPEN = "connected", "no command", "left open"
NOT_CONNECTED, TWICE, FAILED, TOO_MUCH = (
    "not connected",
    "same advice twice",
    "command failed",
    "opens too much",
)
RIGHT = (CONNECTED, NO_COMMAND, OPEN)
"""``no command``: a step that only a person can take; ``left open``: landiag ended undetermined, as it may."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How it ended, after how many rounds, and what was typed last."""

    kind: str
    rounds: int
    text: str = ""


@dataclass(slots=True)
class _Way:
    lab: Lab
    machine: Machine
    taken: set[str]
    filters: bool = True


def follow(lab: Lab, machine: Machine, answer: Answer) -> Outcome:
    """Take one piece of advice after the other; the rules of others must stay as they are."""
    way = _Way(lab, machine, set())
    lab.server.spawn(f"exec {sys.executable} -I -S -c '{ANSWERS}'", log="bystander")
    wait_for_listeners(lab.server, OTHER_PORT, 1)
    before = _bystanders(way)
    outcome = _rounds(way, answer)
    if outcome.kind != CONNECTED or not way.filters:
        return outcome
    opened = _bystanders(way) - before
    return Outcome(TOO_MUCH, outcome.rounds, f"open now: {', '.join(sorted(opened))}") if opened else outcome


def _bystanders(way: _Way) -> set[str]:
    """What is open, to some connections at least, that the advice is not about: another port, another subnet."""
    client, stranger = way.lab.host(way.machine.client.who), way.lab.stranger
    if way.machine.client.who == "stranger":
        stranger = way.lab.neighbour
    tries = {"another port": (client, OTHER_PORT), "another subnet": (stranger, 5000)}
    address, count = way.machine.client.address, MANY if way.machine.has(RANDOM) else 1
    with ThreadPoolExecutor(len(tries)) as at_once:
        seen = list(at_once.map(lambda one: burst(one[0], address, one[1], count=count), tries.values()))
    return {name for name, one in zip(tries, seen, strict=True) if one.share}


def _rounds(way: _Way, answer: Answer) -> Outcome:
    text = ""
    for number in range(1, ROUNDS + 1):
        fix, code = _first(answer.report)
        if fix is None:
            return Outcome(NO_COMMAND, number, code)
        words = f"{fix['stop_pid'] or ''} {fix['commands']}"
        text = f"{code}: {'; '.join(fix['commands'])}"
        if words in way.taken:
            return Outcome(TWICE, number, text)
        way.taken.add(words)
        way.filters &= code.startswith("firewall-") and fix["needs"] != "restart-server"
        failure = _carry_out(way, fix)
        if failure:
            return Outcome(FAILED, number, f"{text}: {failure}")
        answer = ask(way.lab, way.machine.scenario(), user=False, more="--json")
        status = answer.report.get("verdict", {}).get("status")
        if status != "blocked":
            return _end(way, str(status), number, text)
    return Outcome(NOT_CONNECTED, ROUNDS, text)


def _end(way: _Way, status: str, number: int, text: str) -> Outcome:
    for _ in range(3):
        seen = burst(
            way.lab.host(way.machine.client.who), way.machine.client.address, 5000, count=4,
            patience=way.machine.patience,
        )  # fmt: skip
        if seen.is_answered:
            return Outcome(CONNECTED, number, text)
        time.sleep(0.3)
    if status != "clear":
        return Outcome(OPEN, number, text)
    return Outcome(NOT_CONNECTED, number, f"{text}: clear now, and the client gets {seen}")


def _first(report: dict[str, Any]) -> tuple[dict[str, Any] | None, str]:
    """The first fix of the verdict's cause if it is commands, and the cause."""
    cause = report["verdict"]["cause"]
    for finding in report["findings"]:
        if finding["code"] == cause and finding["outcome"] == "blocks":
            for fix in finding["fixes"]:
                if fix["commands"] and not _asks_for_a_person(fix):
                    return fix, cause
    return None, str(cause)


def _asks_for_a_person(fix: dict[str, Any]) -> bool:
    """Whether a sentence says what to change first, or the command only looks again."""
    if all(command.startswith("landiag ") for command in fix["commands"]):
        return True
    return bool(fix["needs"] == "restart-server" and fix["steps"] and not fix["edit"])


def _edit(way: _Way, edit: dict[str, Any]) -> None:
    """Change the line of a file as it is printed."""
    text = way.lab.server.read(edit["file"])
    way.lab.server.write(edit["file"], text.replace(edit["find"], edit["replace"], 1))


def _carry_out(way: _Way, fix: dict[str, Any]) -> str:
    """Type the commands; what went wrong, or an empty text."""
    server = way.lab.server
    if fix["edit"]:
        _edit(way, fix["edit"])
    if fix["stop_pid"] is not None:
        server.run(f"kill {fix['stop_pid']}", check=False)
        _wait_until_ended(way, fix["stop_pid"])
    if fix["needs"] == "restart-server":
        return _restart(way, fix)
    for command in fix["commands"]:
        done = server.run(command, folder=fix["cwd"] or "/", check=False)
        if done.returncode:
            return f"{command}: exit {done.returncode}: {(done.stdout + done.stderr)[-200:]}"
    return ""


def _restart(way: _Way, fix: dict[str, Any]) -> str:
    server = way.lab.server
    there = server.listeners(5000)
    for command in fix["commands"]:
        server.spawn(command, user=True, folder=fix["cwd"] or "/", log="restarted")
    if not wait_for_listeners(server, 5000, there + 1, 8):
        return f"does not listen: {server.log('restarted')[-200:]}"
    return ""


def _wait_until_ended(way: _Way, pid: int) -> None:
    for _ in range(100):
        if way.lab.server.run(f"kill -0 {pid}", check=False).returncode:
            return
        time.sleep(0.05)
