"""``check --prove``: one SYN put onto the interface that clients reach, and the kernel's own trace of it.

``plan`` says what is to be asked, or why it cannot be; ``script`` writes what that adds to the system; ``run``
adds it, sends, listens and removes it; ``trace`` and ``counters`` read what the kernel said; ``witness`` holds
that against the model: where they disagree, the kernel is right.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

Announce = Callable[[Sequence[str]], None]
"""Shows lines to the person, before anything is added."""


def say_nothing(_: Sequence[str]) -> None:
    """Announce nothing: a recording is replayed, and nothing is added."""


class CannotProve(ValueError):  # noqa: N818 - not an error: a sentence that says why the kernel is not asked
    """The kernel cannot be asked, or its answer would not be certain; the message is one sentence."""


TABLE = "landiag_prove"
"""The name of the tables that are added, one in ``inet`` and one in ``netdev``."""

LINKS = ("landiag-tx", "landiag-rx")
"""The pair of interfaces that is added: what is sent on the first comes in by the second."""
