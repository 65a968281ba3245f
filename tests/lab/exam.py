"""The exam, kind by kind: ``python -m tests.lab.exam [--truth] [--two] [NAME...]``; prints what is wrong.

``--truth`` only measures what clients get; ``--wrong`` leaves out what is right; ``--two`` takes two at a time.
"""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from tests.lab.build import build
from tests.lab.case import check_truth, check_verdicts
from tests.lab.exams import KINDS, Question
from tests.lab.hosts import LabError
from tests.lab.probe.case import problems as probed
from tests.lab.probe.scenario import Probe
from tests.lab.scenario import Scenario
from tests.lab.watch.case import problems as watched

# A neighbour that does not answer is given up after a second, not after three.
IMPATIENT = """
for family in ipv4 ipv6; do
  for file in /proc/sys/net/$family/neigh/*/retrans_time_ms; do echo 300 > $file; done
done
"""


def problems(question: Question) -> list[str]:
    """What is wrong with landiag's answer, a sentence each."""
    if isinstance(question, Scenario):
        return list(dict.fromkeys(_short(sentence) for sentence in _check(question)))
    if "--truth" in sys.argv:
        return []
    return probed(question, user=False) if isinstance(question, Probe) else watched(question)


def _check(scenario: Scenario) -> list[str]:
    """Build the scenario, measure its truth, ask landiag as root, and follow its fixes."""
    with build(scenario) as lab:
        for host in (lab.client, lab.neighbour, lab.gateway, lab.stranger):
            host.run(IMPATIENT)
        found = list(check_truth(lab, scenario))
        if found:
            return [f"the scenario itself: {sentence}" for sentence in found]
        return [] if "--truth" in sys.argv else list(check_verdicts(lab, scenario, user=False))


def _short(sentence: str) -> str:
    """Without the command line, which differs where the answer does not; ``--peer`` stays."""
    before, said, after = sentence.partition(": said ")
    return f"{'with --peer ' if '--peer' in before else ''}said {after}" if said else sentence.strip()[:300]


def _found(question: Question) -> list[str]:
    try:
        return problems(question)
    except (LabError, subprocess.TimeoutExpired) as error:
        return [f"the lab: {error}"]


def main() -> int:
    """Take the exam; 1 where something is wrong."""
    words = [word for word in sys.argv[1:] if not word.startswith("--")]
    right, taken = 0, 0
    with ThreadPoolExecutor(2 if "--two" in sys.argv else 1) as at_once:
        for kind in KINDS:
            chosen = [one for one in kind.questions if not words or any(word in one.name for word in words)]
            if chosen:
                print(kind.title)
            for question, said in zip(chosen, at_once.map(_found, chosen), strict=True):
                taken, right = taken + 1, right + (not said)
                if said or "--wrong" not in sys.argv:
                    lines = [f"  {'WRONG' if said else 'ok':6}{question.name}", *said]
                    print("\n        ".join(lines), flush=True)
    print(f"{right} of {taken} right")
    return 1 if right < taken else 0


if __name__ == "__main__":
    sys.exit(main())
