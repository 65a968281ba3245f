"""A disagreement made small: parts and rules are left out while it stays what it is."""

from __future__ import annotations

import subprocess

from tests.lab.hosts import LabError
from tests.lab.hunt.judge import Result, judge
from tests.lab.hunt.machine import Machine

MOST_TRIES = 40


def shrink(result: Result) -> Result:
    """The smallest machine found that shows the same kind of disagreement."""
    tries = MOST_TRIES
    is_smaller = True
    while is_smaller and tries > 0:
        is_smaller = False
        for machine in result.machine.smaller():
            tries -= 1
            found = _try(machine, result.wrong)
            if found:
                result, is_smaller = found, True
                break
            if tries <= 0:
                break
    return result


def _try(machine: Machine, wrong: str) -> Result | None:
    try:
        found = judge(machine, advise=wrong.startswith("advice"))
    except (LabError, subprocess.TimeoutExpired):
        return None
    return found if found.wrong == wrong else None
