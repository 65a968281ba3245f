"""One difference between two reports."""

from __future__ import annotations

from msgspec import Struct

MOST_OF_A_KIND = 30
"""Changes of one kind that are listed; the rest is counted."""


class Change(Struct, frozen=True):
    """One difference. ``kind`` is one of ``KINDS``; ``before`` and ``after`` are empty where there was nothing."""

    kind: str
    text: str
    before: str = ""
    after: str = ""


KINDS = (
    "question",
    "verdict",
    "reach",
    "rule",
    "listener",
    "address",
    "profile",
    "route",
    "check",
    "machine",
    "reading",
)
"""Every kind of change, in the order in which they are told when the verdict points to none of them."""
