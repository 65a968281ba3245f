"""Which fixes landiag carries out itself, and why it leaves the others to the person. Pure, on every system."""

from __future__ import annotations

from enum import Enum

from landiag.model.actions import Action, Run
from landiag.model.report import Fix


class Refusal(Enum):
    """Why a fix is left to the person."""

    BY_HAND = "by-hand"
    NOT_VERIFIED = "not-verified"
    OPENS_MORE = "opens-more"
    NEEDS_ROOT = "needs-root"
    OTHER_USER = "other-user"


def refusal(fix: Fix, *, privileged: bool) -> Refusal | None:
    """Why landiag does not carry this fix out; None where it does."""
    if not fix.actions:
        return Refusal.BY_HAND
    if any(isinstance(action, Run) and action.for_user is not None for action in fix.actions):
        return Refusal.OTHER_USER
    if fix.verified is None and fix.opens:
        return Refusal.OPENS_MORE
    if fix.verified is not True or any(not _is_known(action) for action in fix.actions):
        return Refusal.NOT_VERIFIED
    return Refusal.NEEDS_ROOT if fix.needs == "root" and not privileged else None


def _is_known(action: Action) -> bool:
    """Whether landiag knows how to undo it."""
    return not isinstance(action, Run) or action.detached or action.change is not None
