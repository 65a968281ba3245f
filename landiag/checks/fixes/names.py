"""Names of what fixes add: so that an undo takes back that, and nothing that was there before."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import count


def free_name(base: str, taken: Iterable[str]) -> str:
    """The name, with a number behind it where something bears it already. Upper and lower case are one."""
    known = {name.lower() for name in taken}
    return next(name for number in count(1) if (name := _numbered(base, number)).lower() not in known)


def _numbered(base: str, number: int) -> str:
    return base if number == 1 else f"{base}-{number}"
