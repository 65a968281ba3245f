"""A process of its own that takes a fix back at a deadline unless it is told to keep it.

It is started before the change, in a session of its own and deaf to SIGHUP, SIGINT and SIGTERM of the terminal: it
acts whatever became of landiag, of the line to it and of its window.
"""

from __future__ import annotations

import sys

assert sys.platform == "linux"

import os
import select
import signal
import subprocess
import time

from landiag.apply import CannotApply
from landiag.apply.journal import open_journal
from landiag.apply.undo import take_back_entry

_READY, _KEEP = b"ready\n", b"keep\n"
_START_SECONDS = 20.0
KEPT, UNDONE = 0, 10
"""How the watchdog ends."""


class Guard:
    """The watchdog of one fix, as landiag sees it."""

    def __init__(self, run: str, fix: int, seconds: float) -> None:
        """Start it and wait until it is on guard. Raises CannotApply where it is not."""
        self.seconds = seconds
        self._child = subprocess.Popen(
            (sys.executable, "-m", "landiag.apply.watchdog", run, str(fix), str(seconds)),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env={
                **os.environ,
                "PYTHONPATH": os.pathsep.join(path for path in sys.path if os.path.isabs(path)),
            },
            start_new_session=True,
        )
        assert self._child.stdout is not None
        ready, _, _ = select.select([self._child.stdout], [], [], _START_SECONDS)
        if not ready or os.read(self._child.stdout.fileno(), len(_READY)) != _READY:
            self._child.kill()
            self._child.wait()
            raise CannotApply("the watchdog that would take the change back could not be started")

    def keep(self) -> bool:
        """Tell it that the change stays. False where it has taken it back already."""
        return self._end_with(_KEEP) == KEPT

    def wait_until_undone(self) -> None:
        """Wait for its deadline, and until it has taken the change back."""
        self._child.wait()

    def _end_with(self, word: bytes) -> int:
        assert self._child.stdin is not None
        try:
            self._child.stdin.write(word)
            self._child.stdin.flush()
        except OSError:
            pass  # it has ended: its status says how
        return self._child.wait()


def stand_guard(run: str, fix: int, seconds: float) -> int:
    """Wait for the word that keeps the fix; take it back at the deadline. Returns the exit status."""
    for deaf in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM, signal.SIGPIPE):
        signal.signal(deaf, signal.SIG_IGN)
    journal = open_journal(create=False)
    if journal is None:
        return 1
    deadline = time.clock_gettime(time.CLOCK_BOOTTIME) + seconds
    os.write(1, _READY)
    if _is_kept(deadline):
        return KEPT
    with journal.locked():
        failed = False
        for entry in reversed(journal.read()):
            if (entry.run, entry.fix) == (run, fix):
                try:
                    take_back_entry(entry, journal)
                except CannotApply:
                    failed = True  # the entry stays: landiag undo says why
    return 1 if failed else UNDONE


def _is_kept(deadline: float) -> bool:
    """Whether the word came in time. A pipe that closes says nothing: landiag may have been killed."""
    said, waiting = b"", [0]
    while (left := deadline - time.clock_gettime(time.CLOCK_BOOTTIME)) > 0:
        ready, _, _ = select.select(waiting, [], [], left)
        if ready:
            chunk = os.read(0, 64)
            said += chunk
            waiting = [0] if chunk else []
        if said == _KEEP:
            return True
    return False


if __name__ == "__main__":
    sys.exit(stand_guard(sys.argv[1], int(sys.argv[2]), float(sys.argv[3])))
