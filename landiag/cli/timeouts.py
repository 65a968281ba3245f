"""``--timeout`` for the whole command: reading is bounded by itself, and what is left is thinking."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from landiag.cli.files.outputs import UNDETERMINED, Stop


@contextmanager
def bounded(timeout: float) -> Iterator[float]:
    """Stop what takes longer than was allowed, with a little patience for the end; gives the deadline.

    It ends as an error does: whatever was added to the system is removed. The time is the processor's, so that a
    busy machine loses no report. Systems without timers have the bounds of the readings alone.
    """
    deadline = time.monotonic() + timeout
    if sys.platform == "win32":
        yield deadline
        return

    def end(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the signature of a handler
        raise Stop(
            f"there was too much to look at for --timeout {timeout:g}: give it more seconds", UNDETERMINED
        )

    before = signal.signal(signal.SIGPROF, end)
    signal.setitimer(signal.ITIMER_PROF, 1.0 + 1.5 * timeout)
    try:
        yield deadline
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


@contextmanager
def within(timeout: float | None) -> Iterator[float | None]:
    """The same where ``--timeout`` was typed; else each file has a bound of its own."""
    if timeout is None:
        yield None
        return
    with bounded(timeout) as deadline:
        yield deadline
