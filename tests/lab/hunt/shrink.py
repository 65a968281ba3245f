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
            found = _try(machine, result)
            if found:
                result, is_smaller = found, True
                break
            if tries <= 0:
                break
    return result


def _try(machine: Machine, before: Result) -> Result | None:
    """What the smaller machine shows, where it is the same: the client's symptom, and what is said of it."""
    try:
        found = judge(machine, advise=before.wrong.startswith("advice"))
    except (LabError, subprocess.TimeoutExpired):
        return None
    same = (found.wrong, found.cause, found.sees) == (before.wrong, before.cause, before.sees)
    return (
        found if same and found.seen and before.seen and found.seen.outcomes == before.seen.outcomes else None
    )
