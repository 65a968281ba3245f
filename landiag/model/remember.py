"""What was worked out of something large is kept by its identity: every packet that is followed asks for it again."""

from __future__ import annotations

from collections.abc import Callable
from operator import is_
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

_MOST_KEPT = 8


def remember(make: Callable[P, R]) -> Callable[P, R]:
    """Make once for each object (or several in their order) what is asked for many times; they must not change."""
    kept: list[tuple[tuple[object, ...], R]] = []

    def recall(*several: P.args, **named: P.kwargs) -> R:
        for known, made in kept:
            if all(map(is_, known, several)):
                return made
        made = make(*several, **named)
        kept[:] = [(several, made), *kept[: _MOST_KEPT - 1]]
        return made

    recall.__doc__ = make.__doc__
    return recall
