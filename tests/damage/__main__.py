"""``python -m tests.damage --inputs 100000 --seed 1``: damage readings until something turns clear.

Each counterexample is printed as a line that ``--again`` takes. Exit 1 when there is one.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import time
from collections import Counter

from tests.damage.hunt import Found, hunt, repeat
from tests.damage.subjects import Subject, list_subjects

CHUNK = 250


def main() -> int:
    """Run the inputs, or one again."""
    parser = argparse.ArgumentParser(prog="python -m tests.damage")
    parser.add_argument("--inputs", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--only", default="", help="subjects whose names begin so")
    parser.add_argument("--again", help="a counterexample, as it was printed")
    parser.add_argument(
        "--most", type=int, default=5, help="counterexamples to print for one source and kind"
    )
    options = parser.parse_args()
    subjects = {one.name: one for one in list_subjects() if one.name.startswith(options.only)}
    if options.again:
        found = repeat(options.again, subjects)
        print("still there" if found else "gone")
        return 1 if found else 0
    started, shown, done = time.monotonic(), Counter[tuple[str, str]](), 0
    with multiprocessing.Pool(options.processes, _start, (options.only,)) as pool:
        chunks = (
            (f"{options.seed}/{at}", min(CHUNK, options.inputs - at))
            for at in range(0, options.inputs, CHUNK)
        )
        for count, found_here in pool.imap_unordered(_chunk, chunks):
            done += count
            for one in found_here:
                shown[one.key] += 1
                if shown[one.key] <= options.most:
                    print(one.text, flush=True)
    print(
        f"{done} inputs, {sum(shown.values())} counterexamples, {time.monotonic() - started:.0f} s, seed {options.seed}"
    )
    for key, count in shown.most_common():
        print(f"  {count:6} {' '.join(key)}")
    return 1 if shown else 0


_subjects: list[Subject] = []  # one list a process


def _start(only: str) -> None:
    _subjects.extend(one for one in list_subjects() if one.name.startswith(only))


def _chunk(task: tuple[str, int]) -> tuple[int, list[Found]]:
    seed, count = task
    return count, hunt(_subjects, seed, count)


if __name__ == "__main__":
    sys.exit(main())
