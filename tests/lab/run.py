"""Run scenarios and print what is wrong: ``python -m tests.lab.run [--user] [--truth] [--two] [NAME...]``."""

from __future__ import annotations

import sys

from tests.lab.build import build
from tests.lab.case import check_truth, problems
from tests.lab.older import missing
from tests.lab.runner import run
from tests.lab.scenario import Scenario
from tests.lab.scenarios import SCENARIOS


def _problems(scenario: Scenario) -> list[str]:
    if reason := missing(scenario.needs):
        return [reason]
    if "--truth" in sys.argv:
        with build(scenario) as lab:
            return list(check_truth(lab, scenario))
    return problems(scenario, user="--user" in sys.argv)


if __name__ == "__main__":
    sys.exit(run(SCENARIOS, _problems))
