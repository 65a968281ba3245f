"""Packets for the page itself that never become a visit: the phone that cannot open the page is seen all the same."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec import Struct

from landiag.model.report import Finding, Target
from landiag.question import Question

if TYPE_CHECKING:
    from landiag.watch.conclude import Attempt

_REACHED = ("connected", "silent")
"""Outcomes of an attempt that has reached the page: a visit, which the page itself tells of."""

_TURNED_AWAY = ("dropped", "rejected", "refused")

END_SECONDS = 3.0
MAX_STUCK = 200


class Stuck(Struct, frozen=True):
    """A device whose packets for the page arrived, and that did not get through: why, in a sentence.

    ``is_turned_away``: this machine stopped it, so the page's own port is closed.
    """

    address: str
    summary: str
    finding: Finding | None
    is_turned_away: bool = True


class Arrivals:
    """A watch of the page's own port, beside the page. ``say`` is given each device that is stuck, once a reason.

    Raises OSError where this user may not see packets.
    """

    def __init__(self, port: int, say: Callable[[Stuck], None], duration: float) -> None:
        from landiag.watch.live import LiveWatch

        self._say, self._duration = say, duration
        self._said: set[tuple[str, str | None]] = set()
        self._live = LiveWatch(Question(Target(port), asks_http=False), self._take, keeps=False)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._live.prepare()
            self._live.run(self._duration, lambda: None)
        finally:
            self._live.close()

    def end(self) -> None:
        """End it, and let it remove what it added to the system."""
        self._live.stop.set()
        self._thread.join(END_SECONDS)

    def _take(self, attempt: Attempt) -> None:
        key = (attempt.client, attempt.cause)
        if attempt.outcome in _REACHED or key in self._said or len(self._said) > MAX_STUCK:
            return
        self._said.add(key)
        self._say(Stuck(attempt.client, attempt.summary, attempt.finding, attempt.outcome in _TURNED_AWAY))


def watch_arrivals(port: int, say: Callable[[Stuck], None], duration: float) -> Arrivals | None:
    """Begin to watch the page's port; None where this user or this system cannot see packets."""
    if sys.platform != "linux":
        return None
    try:
        return Arrivals(port, say, duration)
    except OSError:  # packets are for root to see: the page tells what it can without
        return None
