"""Takes the scenarios that a command line names, and prints what is wrong with each."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol, TypeVar

from tests.lab.hosts import LabError


class Named(Protocol):
    """A scenario of any kind."""

    @property
    def name(self) -> str: ...


Kind = TypeVar("Kind", bound=Named)


def run(scenarios: Sequence[Kind], problems: Callable[[Kind], list[str]]) -> int:
    """Take those whose names hold one of the words, or all, ``--two`` at once; 1 where something is wrong."""
    words = [word for word in sys.argv[1:] if not word.startswith("--")]
    chosen = [one for one in scenarios if not words or any(word in one.name for word in words)]

    def found(scenario: Kind) -> list[str]:
        try:
            return problems(scenario)
        except (LabError, subprocess.TimeoutExpired) as error:
            return [f"the lab: {error}"]

    wrong = 0
    with ThreadPoolExecutor(2 if "--two" in sys.argv else 1) as at_once:
        for scenario, said in zip(chosen, at_once.map(found, chosen), strict=True):
            wrong += bool(said)
            print("\n    ".join([f"{'WRONG' if said else 'ok':6}{scenario.name}", *said]), flush=True)
    print(f"{len(chosen) - wrong} of {len(chosen)} right")
    return 1 if wrong else 0
