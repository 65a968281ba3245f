"""Write the data set: ``python -m tests.lab.export DIR [--two] [NAME...]``, of the scenarios whose names hold a word.

Cases that a folder has already are left as they are when others are added.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tests.lab.export import export, finish
from tests.lab.older import missing
from tests.lab.runner import run
from tests.lab.scenario import Scenario
from tests.lab.scenarios import SCENARIOS


def main() -> int:
    """Export what is named; 1 where a scenario could not be built as it says."""
    if len(sys.argv) < 2 or sys.argv[1].startswith("-"):
        sys.exit("usage: python -m tests.lab.export DIR [--two] [NAME...]")
    folder = Path(sys.argv.pop(1))

    def one(scenario: Scenario) -> list[str]:
        reason = missing(scenario.needs)
        return [reason] if reason else export(scenario, folder)

    wrong = run(SCENARIOS, one)
    print(f"{finish(folder)} cases in {folder}")
    return wrong


if __name__ == "__main__":
    sys.exit(main())
