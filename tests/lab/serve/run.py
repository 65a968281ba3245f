"""Run scenarios and print what is wrong: ``python -m tests.lab.serve.run [NAME...]``."""

from __future__ import annotations

import sys

from tests.lab.runner import run
from tests.lab.serve.case import problems
from tests.lab.serve.scenarios import SCENARIOS

if __name__ == "__main__":
    sys.exit(run(SCENARIOS, problems))
