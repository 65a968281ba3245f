"""Run scenarios and print what is wrong: ``python -m tests.lab.run [--user] [--truth] [--two] [NAME...]``."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from tests.lab.build import build
from tests.lab.case import check_truth, problems
from tests.lab.hosts import LabError
from tests.lab.older import missing
from tests.lab.scenario import Scenario
from tests.lab.scenarios import SCENARIOS


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


def _problems(scenario: Scenario) -> list[str]:
    if reason := missing(scenario.needs):
        return [reason]
    try:
        if "--truth" in sys.argv:
            with build(scenario) as lab:
                return list(check_truth(lab, scenario))
        return problems(scenario, user="--user" in sys.argv)
    except (LabError, subprocess.TimeoutExpired) as error:
        return [f"the lab: {error}"]


if __name__ == "__main__":
    sys.exit(main())
