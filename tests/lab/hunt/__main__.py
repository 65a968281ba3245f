"""``python -m tests.lab.hunt --seeds A-B [--jobs N]``: random machines, real clients, and landiag between them."""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from tests.lab.hosts import LabError
from tests.lab.hunt import advice
from tests.lab.hunt.generate import generate
from tests.lab.hunt.judge import CLEAR, NOT_KNOWN, UNDETERMINED, Result, judge
from tests.lab.hunt.paste import paste
from tests.lab.hunt.shrink import shrink


def main() -> int:
    """Hunt; 1 where a disagreement was found."""
    options = _options()
    first, _, last = options.seeds.partition("-")
    seeds = range(int(first), int(last or first) + 1)
    started = time.monotonic()
    results: list[Result] = []
    with ThreadPoolExecutor(options.jobs) as at_once:
        for result in at_once.map(
            lambda seed: hunt(seed, advise=options.advice, small=options.shrink), seeds
        ):
            results.append(result)
            if result.wrong or options.verbose:
                print(
                    result.line() if result.wrong else f"seed {result.machine.seed}: {_short(result)}",
                    flush=True,
                )
            if result.wrong and options.shrink and result.seen:
                print(paste(result), flush=True)
    print(table(results))
    seconds = time.monotonic() - started
    print(f"{len(results)} seeds in {seconds:.0f} s, {seconds / len(results):.1f} s each")
    return 1 if any(result.wrong for result in results) else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.lab.hunt", description=__doc__)
    parser.add_argument("--seeds", default="0-99", help="the seeds, A-B or one")
    parser.add_argument("--jobs", type=int, default=2, help="machines at a time")
    parser.add_argument(
        "--shrink", action="store_true", help="make each disagreement small and print its scenario"
    )
    parser.add_argument("--no-advice", dest="advice", action="store_false", help="leave the advice alone")
    parser.add_argument("--verbose", action="store_true", help="a line for every seed")
    return parser.parse_args()


def hunt(seed: int, *, advise: bool = True, small: bool = False) -> Result:
    """One seed, made small where it disagrees and that is wanted."""
    machine = generate(seed)
    try:
        result = judge(machine, advise=advise)
    except (LabError, subprocess.TimeoutExpired) as error:
        return Result(machine, "", said=str(error)[-300:], wrong="not built")
    return shrink(result) if small and result.wrong else result


def _short(result: Result) -> str:
    ended = f", {result.advice.kind}" if result.advice else ""
    return f"{result.seen}, {result.said} {result.cause}{ended}"


def table(results: list[Result]) -> str:
    """The figures of the hunt."""
    built = [one for one in results if one.seen]
    root = [one for one in built if not one.machine.as_user]
    users = [one for one in built if one.machine.as_user]
    said = [one for one in root if one.sees and one.said != UNDETERMINED]
    guessed = [one for one in said if one.sees != NOT_KNOWN]
    ends = Counter(one.advice.kind for one in root if one.advice)
    by_command = sum(ends.values()) - ends[advice.NO_COMMAND]
    open_ones = [one for one in root if one.said == UNDETERMINED]
    rows = (
        ("machines built", len(built), len(results)),
        ("of them clear for the client", sum(one.truth == CLEAR for one in built), len(built)),
        ("wrong clear", sum(one.wrong == "wrong clear" for one in root), len(root)),
        ("wrong blocked", sum(one.wrong == "wrong blocked" for one in root), len(root)),
        ("undetermined", sum(not one.allowed for one in open_ones), len(root)),
        ("undetermined by contract", sum(one.allowed for one in open_ones), len(root)),
        ("symptom right", sum(one.wrong != "wrong symptom" for one in guessed), len(guessed)),
        ("symptom not known", len(said) - len(guessed), len(said)),
        ("no report", sum(one.wrong == "no report" for one in built), len(built)),
        ("as a user: wrong verdict", sum(one.wrong.startswith("wrong") for one in users), len(users)),
        ("advice leads to a connection", ends[advice.CONNECTED], by_command),
        *(
            (f"advice: {kind}", number, by_command)
            for kind, number in sorted(ends.items())
            if kind != advice.CONNECTED
        ),
    )
    return "\n".join(
        f"{name:32} {number:5} of {of:5}  {number / of if of else 0:7.2%}" for name, number, of in rows
    )


if __name__ == "__main__":
    sys.exit(main())
