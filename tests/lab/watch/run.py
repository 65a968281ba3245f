"""Run scenarios and print what is wrong: ``python -m tests.lab.watch.run [--two] [NAME...]``."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from tests.lab.hosts import LabError
from tests.lab.watch.case import problems
from tests.lab.watch.scenario import Watch
from tests.lab.watch.scenarios import SCENARIOS


def main() -> int:
    """Take the scenarios whose names hold one of the words, or all; exit 1 where something is wrong."""
    words = [word for word in sys.argv[1:] if not word.startswith("--")]
    chosen = [one for one in SCENARIOS if not words or any(word in one.name for word in words)]
    wrong = 0
    with ThreadPoolExecutor(2 if "--two" in sys.argv else 1) as at_once:
        for scenario, found in zip(chosen, at_once.map(_problems, chosen), strict=True):
            wrong += bool(found)
            print("\n    ".join([f"{'WRONG' if found else 'ok':6}{scenario.name}", *found]), flush=True)
    print(f"{len(chosen) - wrong} of {len(chosen)} right")
    return 1 if wrong else 0


def _problems(scenario: Watch) -> list[str]:
    try:
        return problems(scenario)
    except (LabError, subprocess.TimeoutExpired) as error:
        return [f"the lab: {error}"]


if __name__ == "__main__":
    sys.exit(main())
