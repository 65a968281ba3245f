"""An absolute bound in time."""

from __future__ import annotations

import time

from msgspec import Struct, field


class Deadline(Struct, frozen=True):
    """An absolute bound in time; ``end`` is on ``time.monotonic()``'s clock."""

    end: float
    begin: float = field(default_factory=time.monotonic)

    @classmethod
    def after(cls, seconds: float) -> Deadline:
        """The deadline that many seconds from now."""
        return cls(time.monotonic() + seconds)

    def left(self, most: float = float("inf")) -> float:
        """Seconds that remain, never negative, at most ``most``."""
        return max(0.0, min(most, self.end - time.monotonic()))

    def spent(self) -> float:
        """Seconds since the beginning, to the microsecond."""
        return round(time.monotonic() - self.begin, 6)
