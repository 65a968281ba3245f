"""Run scenarios and print what is wrong: ``python -m tests.lab.probe.run [--user] [--two] [NAME...]``."""

from __future__ import annotations

import sys

from tests.lab.probe.case import problems
from tests.lab.probe.scenarios import SCENARIOS
from tests.lab.runner import run

if __name__ == "__main__":
    sys.exit(run(SCENARIOS, lambda scenario: problems(scenario, user="--user" in sys.argv)))
