"""How far a long exchange is: told to whoever listens, which is the command line on a terminal.

Exchanges are asked with strings and answer with a transcript; what they say meanwhile has no place in either.
"""

from __future__ import annotations

import time
from collections.abc import Callable

_EVERY = 0.1


class Meter:
    """Passes on at most ten words a second; says nothing until somebody listens."""

    def __init__(self) -> None:
        self.listener: Callable[[str], None] | None = None
        self._last = 0.0

    def say(self, done: int, total: int, what: str) -> None:
        """``done`` of ``total`` things are done; ``what`` names them and what was found so far."""
        now = time.monotonic()
        if self.listener is None or (now - self._last < _EVERY and done < total):
            return
        self._last = now
        self.listener(f"{bar(done, total)} {done} of {total} {what}")


def bar(done: int, total: int, width: int = 20) -> str:
    """A bar of characters: ``[#####               ]``."""
    filled = width if total <= 0 else min(width, width * done // total)
    return f"[{'#' * filled}{' ' * (width - filled)}]"


METER = Meter()
"""The one meter of the process: there is one terminal."""
