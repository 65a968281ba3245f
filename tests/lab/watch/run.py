"""Run scenarios and print what is wrong: ``python -m tests.lab.watch.run [--two] [NAME...]``."""

from __future__ import annotations

import sys

from tests.lab.runner import run
from tests.lab.watch.case import problems
from tests.lab.watch.scenarios import SCENARIOS

if __name__ == "__main__":
    sys.exit(run(SCENARIOS, problems))
