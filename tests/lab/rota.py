"""Which scenarios are taken, and as whom: CI takes each once, by a fixed rota."""

from __future__ import annotations

import os

FEW = 14
"""``LANDIAG_LAB=few`` takes every fourteenth scenario: CI's second run, as a normal user of the machine."""


def is_taken(number: int, *, user: bool, period: int, root_only: bool = False) -> bool:
    """Tell whether a scenario is taken as a user or as root; every ``period``-th is the user's turn.

    ``LANDIAG_LAB=all`` takes every scenario as both. ``root_only`` scenarios have no turn as a user.
    """
    choice = os.environ.get("LANDIAG_LAB")
    if choice == "all":
        return True
    if choice == "few" and number % FEW:
        return False
    return user == (number % period == period - 1 and not root_only)
