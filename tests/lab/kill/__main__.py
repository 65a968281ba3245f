"""``python -m tests.lab.kill [NAME...]``: stop each command at each of its steps, by SIGKILL and by Ctrl-C.

With real root the drop reasons of ``watch`` are asked of the kernel, too. Exit 1 where something is left behind.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys

from tests.lab.kill.stops import Stop, list_steps, try_stop
from tests.lab.kill.subjects import SUBJECTS, Subject, build_world

DELAYS = (0.0, 0.004)
"""Just before the step, and while it is being done."""

MOUNT = 'mount -t tracefs nodev /sys/kernel/tracing 2> /dev/null; exec "$@"'


def main() -> int:
    """Run the subjects that were named, or all."""
    parser = argparse.ArgumentParser(prog="python -m tests.lab.kill")
    parser.add_argument("names", nargs="*", metavar="NAME", help=" ".join(one.name for one in SUBJECTS))
    parser.add_argument("--every", type=int, default=1, help="only one step in so many")
    parser.add_argument("--steps", default="1-9999", metavar="A-B", help="only these steps")
    parser.add_argument("--signal", choices=("KILL", "INT", "both"), default="both")
    parser.add_argument("--list", action="store_true", help="only show the steps")
    parser.add_argument("--in-own-mounts", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if os.geteuid() == 0 and not options.in_own_mounts:
        words = (sys.executable, "-m", "tests.lab.kill", *sys.argv[1:], "--in-own-mounts")
        os.execvp("unshare", ("unshare", "-m", "sh", "-c", MOUNT, "sh", *words))
    failed = 0
    for subject in SUBJECTS:
        if not options.names or subject.name in options.names:
            failed += _run(subject, options)
    return 1 if failed else 0


def _run(subject: Subject, options: argparse.Namespace) -> int:
    signals = [signal.Signals[f"SIG{one}"] for one in ("KILL", "INT") if options.signal in (one, "both")]
    with build_world(subject) as lab:
        steps = list_steps(lab, subject)
    if options.list:
        print(subject.name, *steps, sep="\n  ")
        return 0
    first, last = map(int, options.steps.split("-"))
    stops = [
        Stop(number, one, delay)
        for number in range(first, min(last, len(steps)) + 1, options.every)
        for one in signals
        for delay in DELAYS
    ]
    print(f"{subject.name}: {len(steps)} steps, {len(stops)} stops", flush=True)
    failed, left = 0, list(stops)
    while left:
        with build_world(subject) as lab:
            while left:
                stop = left.pop(0)
                problems = try_stop(lab, subject, stop)
                if problems:
                    failed += 1
                    where = f"{subject.name} {stop.words} at {steps[stop.step - 1][:100]}"
                    print(where, *problems, sep="\n  ", flush=True)
                    break  # the next one begins in a world that is whole
    print(f"{subject.name}: {len(stops)} stops, {failed} left something behind", flush=True)
    return failed


if __name__ == "__main__":
    sys.exit(main())
