"""Run scenarios and print what is wrong: ``python -m tests.lab.serve.run [NAME...]``."""

from __future__ import annotations

import subprocess
import sys

from tests.lab.hosts import LabError
from tests.lab.serve.case import Page, problems
from tests.lab.serve.scenarios import SCENARIOS


def main() -> int:
    """Take the scenarios whose names hold one of the words, or all; exit 1 where something is wrong."""
    chosen = [one for one in SCENARIOS if not sys.argv[1:] or any(word in one.name for word in sys.argv[1:])]
    wrong = 0
    for scenario in chosen:
        found = _problems(scenario)
        wrong += bool(found)
        print("\n    ".join([f"{'WRONG' if found else 'ok':6}{scenario.name}", *found]), flush=True)
    print(f"{len(chosen) - wrong} of {len(chosen)} right")
    return 1 if wrong else 0


def _problems(scenario: Page) -> list[str]:
    try:
        return problems(scenario)
    except (LabError, subprocess.TimeoutExpired) as error:
        return [f"the lab: {error}"]


if __name__ == "__main__":
    sys.exit(main())
