"""The fix of a report, typed on the machine as it is printed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.vm.agent import Guest
from tests.vm.scenario import Scenario


def first_fix(report: dict[str, Any]) -> dict[str, Any] | None:
    """The first fix of the finding that the verdict names: what a person reads first."""
    for finding in report["findings"]:
        if finding["outcome"] == "blocks" and finding["code"] == report["verdict"]["cause"]:
            fixes: list[dict[str, Any]] = finding["fixes"]
            return fixes[0] if fixes else None
    return None


def carry_out(machine: Guest, scenario: Scenario, fix: dict[str, Any]) -> Iterator[str]:
    """Type its lines; what it only describes is done as the scenario says."""
    if scenario.by_hand:
        if not fix["steps"]:
            yield f"the fix has no steps: {fix['title']}: {fix['commands']}"
        machine.run(scenario.by_hand)
        return
    if fix["needs"] == "restart-server" and fix["stop_pid"] is not None:
        machine.run(f"kill {fix['stop_pid']}; sleep 1")
    if not fix["commands"]:
        yield f"the fix cannot be typed: {fix['title']}: {fix['steps']}"
    if fix["needs"] == "restart-server":
        for command in fix["commands"]:
            machine.run(f"cd {fix['cwd'] or '/'}; setsid {command} > /dev/null 2>&1 &")
        return
    yield from type_lines(machine, fix["commands"])


def type_lines(machine: Guest, lines: list[str]) -> Iterator[str]:
    """Type these lines as root, one after the other."""
    for line in lines:
        done = machine.run(line, check=False)
        if done.status:
            yield f"{line}: exit {done.status}: {(done.out + done.err)[-300:]}"
