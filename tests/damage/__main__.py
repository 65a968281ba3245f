"""``python -m tests.damage --inputs 100000 --seed 1``: damage readings until something turns clear.

Each counterexample is printed as a line that ``--again`` takes, the totals once a minute. Exit 1 when there is one.
"""

from __future__ import annotations

import argparse
import gc
import multiprocessing
import sys
import time
from collections import Counter
from collections.abc import Iterator

from tests.damage.hunt import Found, hunt, repeat
from tests.damage.subjects import Subject, list_subjects

CHUNK = 1000
BATCH = 100
"""So many damages of one text follow each other."""
TOLD_EVERY = 60.0
"""Seconds between two lines of totals."""


def main() -> int:
    """Run the inputs, or one again."""
    parser = argparse.ArgumentParser(prog="python -m tests.damage")
    parser.add_argument("--inputs", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=float("inf"), help="begin nothing after so long")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--only", default="", help="subjects whose names begin so")
    parser.add_argument("--again", help="a counterexample, as it was printed")
    parser.add_argument(
        "--most", type=int, default=5, help="counterexamples to print for one source and kind"
    )
    options = parser.parse_args()
    _subjects.extend(one for one in list_subjects() if one.name.startswith(options.only))
    if options.again:
        found = repeat(options.again, {one.name: one for one in _subjects})
        print("still there" if found else "gone")
        return 1 if found else 0
    gc.collect()
    gc.freeze()  # the subjects live as long as the run: every process shares them, and no collection walks them
    totals, told = Totals(options.seed), time.monotonic()
    with multiprocessing.get_context("fork").Pool(options.processes) as pool:
        chunks = (
            (f"{options.seed}/{at}", min(CHUNK, options.inputs - at))
            for at in range(0, options.inputs, CHUNK)
        )
        for count, found_here in pool.imap_unordered(_chunk, chunks):
            for one in totals.add(count, found_here, options.most):
                print(one.text, flush=True)
            if time.monotonic() - totals.started > options.seconds:
                pool.terminate()
                break
            if time.monotonic() - told > TOLD_EVERY:
                told = time.monotonic()
                print(totals.line, flush=True)
    print(totals.line)
    for key, count in totals.shown.most_common():
        print(f"  {count:6} {' '.join(key)}")
    return 1 if totals.shown else 0


class Totals:
    """How many inputs were tried, and what was found, by its kind."""

    def __init__(self, seed: int) -> None:
        self.seed, self.started, self.done = seed, time.monotonic(), 0
        self.shown = Counter[tuple[str, str]]()

    def add(self, count: int, found: list[Found], most: int) -> Iterator[Found]:
        """Count them, and give those of which not yet so many of their kind were shown."""
        self.done += count
        for one in found:
            self.shown[one.key] += 1
            if self.shown[one.key] <= most:
                yield one

    @property
    def line(self) -> str:
        """The totals in one line."""
        seconds = time.monotonic() - self.started
        return (
            f"{self.done} inputs, {sum(self.shown.values())} counterexamples, {seconds:.0f} s"
            f" ({self.done / max(seconds, 0.001):.0f} a second), seed {self.seed}"
        )


_subjects: list[Subject] = []  # filled before the processes are forked


def _chunk(task: tuple[str, int]) -> tuple[int, list[Found]]:
    seed, count = task
    gc.disable()  # looking for cycles takes as long as the work; once a chunk is enough
    found = hunt(_subjects, seed, count, min(BATCH, count))
    gc.collect()
    return count, found


if __name__ == "__main__":
    sys.exit(main())
