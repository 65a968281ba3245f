"""What was worked out of something large is kept by its identity: every packet that is followed asks for it again."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")

_MOST_KEPT = 8


def remember(make: Callable[[T], R]) -> Callable[[T], R]:
    """Make once for each object what is asked for many times; the object itself must not change."""
    kept: list[tuple[T, R]] = []

    def recall(one: T) -> R:
        for known, made in kept:
            if known is one:
                return made
        made = make(one)
        kept[:] = [(one, made), *kept[: _MOST_KEPT - 1]]
        return made

    recall.__doc__ = make.__doc__
    return recall
