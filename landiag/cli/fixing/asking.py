"""Questions to the person at the terminal, and time that does not run while one is open."""

from __future__ import annotations

import select
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from landiag.render.escape import escape_text


class Budget:
    """The time for checks: ``each`` seconds for every one, or ``total`` for all of them but for open questions."""

    def __init__(self, each: float, total: float | None) -> None:
        """Begin to count. ``total`` None: there is no bound on all of them together."""
        self._each = each
        self._end = None if total is None else time.monotonic() + total

    def deadline(self) -> float:
        """When the check that begins now has to end, on ``time.monotonic()``'s clock."""
        return time.monotonic() + self._each if self._end is None else self._end

    def left(self) -> float:
        """Seconds that are left for all checks; endless without a bound."""
        return float("inf") if self._end is None else self._end - time.monotonic()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Let no time pass while a person is asked."""
        began = time.monotonic()
        try:
            yield
        finally:
            if self._end is not None:
                self._end += time.monotonic() - began


def is_attended() -> bool:
    """Whether somebody sits at a terminal who can be asked."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def say(*lines: str) -> None:
    """Print lines, made harmless, at once."""
    sys.stdout.write("".join(f"{escape_text(line)}\n" for line in lines))
    sys.stdout.flush()


def wrapped(text: str, width: int, indent: str = "") -> list[str]:
    """The lines of a text that is no wider than the terminal."""
    from landiag.render.columns import wrap_columns

    return wrap_columns(text, width, indent, indent)


def ask(question: str) -> bool:
    """Ask a question of yes or no; everything but yes is no."""
    return _answer(f"{question} [y/N] ").lower() in ("y", "yes")


def wait_for_person(what: str) -> bool:
    """Wait until the person has done something. False where the person wants to stop, or has gone."""
    return _answer(f"{what} Press Enter to check again, or q to stop: ").lower() in ("", "\n")


def confirmed_within(seconds: float) -> bool:
    """Whether the person presses Enter in time, which shows that the line to this machine still works."""
    sys.stdout.write(f"Still connected? Press Enter within {seconds:.0f} s to keep this change: ")
    sys.stdout.flush()
    ready, _, _ = select.select([sys.stdin], [], [], seconds)
    if not ready:
        sys.stdout.write("\n")
        return False
    return sys.stdin.readline() != ""


def _answer(prompt: str) -> str:
    """What is typed, without its end; ``stop`` at the end of the input."""
    sys.stdout.write(prompt)
    sys.stdout.flush()
    line = sys.stdin.readline()
    if not line:
        sys.stdout.write("\n")
        return "stop"
    return line.strip()
