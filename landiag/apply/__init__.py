"""``check --fix`` and ``landiag undo``: typed changes carried out without a shell, journalled before, taken back."""

from __future__ import annotations


class CannotApply(RuntimeError):  # noqa: N818 - no bug: a sentence about why nothing was done
    """A change was not made, or not taken back; the message says why."""
