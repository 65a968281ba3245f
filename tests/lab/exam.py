"""The exam, kind by kind: ``python -m tests.lab.exam [--truth] [--two] [NAME...]``; prints what is wrong."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from tests.lab.build import build
from tests.lab.case import check_truth, check_verdicts
from tests.lab.exams import KINDS
from tests.lab.hosts import LabError
from tests.lab.network import Lab
from tests.lab.scenario import Scenario

# A neighbour that does not answer is given up after a second, not after three.
IMPATIENT = """
for family in ipv4 ipv6; do
  for file in /proc/sys/net/$family/neigh/*/retrans_time_ms; do echo 300 > $file; done
done
"""


def problems(scenario: Scenario) -> list[str]:
    """Build the scenario, measure its truth, ask landiag as root, and follow its fixes."""
    with build(scenario) as lab:
        for host in (lab.client, lab.neighbour, lab.gateway, lab.stranger):
            host.run(IMPATIENT)
        found = list(check_truth(lab, scenario))
        if found:
            return [f"the scenario itself: {sentence}" for sentence in found]
        return [] if "--truth" in sys.argv else list(_judge(lab, scenario))


def _judge(lab: Lab, scenario: Scenario) -> Iterator[str]:
    yield from check_verdicts(lab, scenario, user=False)


def _found(scenario: Scenario) -> list[str]:
    try:
        return problems(scenario)
    except (LabError, subprocess.TimeoutExpired) as error:
        return [f"the lab: {error}"]


def main() -> int:
    """Take the exam; 1 where something is wrong."""
    words = [word for word in sys.argv[1:] if not word.startswith("--")]
    right, taken = 0, 0
    with ThreadPoolExecutor(2 if "--two" in sys.argv else 1) as at_once:
        for kind in KINDS:
            chosen = [one for one in kind.scenarios if not words or any(word in one.name for word in words)]
            if chosen:
                print(kind.title)
            for scenario, said in zip(chosen, at_once.map(_found, chosen), strict=True):
                taken, right = taken + 1, right + (not said)
                print(
                    "\n        ".join([f"  {'WRONG' if said else 'ok':6}{scenario.name}", *said]), flush=True
                )
    print(f"{right} of {taken} right")
    return 1 if right < taken else 0


if __name__ == "__main__":
    sys.exit(main())
