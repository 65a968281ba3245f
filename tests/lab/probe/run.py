"""Run scenarios and print what is wrong: ``python -m tests.lab.probe.run [--user] [NAME...]``."""

from __future__ import annotations

import sys

from tests.lab.hosts import LabError
from tests.lab.probe.case import problems
from tests.lab.probe.scenario import Probe
from tests.lab.probe.scenarios import SCENARIOS


def main() -> int:
    """Take the scenarios whose names hold one of the words, or all; exit 1 where something is wrong."""
    words = [word for word in sys.argv[1:] if not word.startswith("--")]
    chosen = [one for one in SCENARIOS if not words or any(word in one.name for word in words)]
    wrong = 0
    for scenario in chosen:
        found = _problems(scenario)
        wrong += bool(found)
        print("\n    ".join([f"{'WRONG' if found else 'ok':6}{scenario.name}", *found]), flush=True)
    print(f"{len(chosen) - wrong} of {len(chosen)} right")
    return 1 if wrong else 0


def _problems(scenario: Probe) -> list[str]:
    try:
        return problems(scenario, user="--user" in sys.argv)
    except LabError as error:
        return [f"the lab: {error}"]


if __name__ == "__main__":
    sys.exit(main())
