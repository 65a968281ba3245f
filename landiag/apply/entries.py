"""What the journal holds: a change, and what stood there before it. Pure."""

from __future__ import annotations

from enum import Enum

from msgspec import Struct

from landiag.model.changes import Change, OfTool


class State(str, Enum):
    """How far a change got. ``planned``: it was about to be made, and may have been."""

    PLANNED = "planned"
    DONE = "done"


class Edited(Struct, frozen=True, tag_field="change", tag="edit"):
    """A line of a file that was written anew; ``line`` counts from 1."""

    file: str
    line: int
    before: str
    after: str


class Restarted(Struct, frozen=True, tag_field="change", tag="server"):
    """A server that was started anew: what it was, and the process that it is now.

    ``argv`` started the old one in ``cwd``; ``variables`` are those that the new one was given, with the old
    values (None: it had none). ``pid`` and ``started`` are the new one's; None until it runs. ``signal`` ends it.
    ``log`` is the file with what the new one says.
    """

    argv: tuple[str, ...]
    cwd: str
    signal: str
    log: str
    variables: tuple[tuple[str, str | None], ...] = ()
    pid: int | None = None
    started: float | None = None


class Entry(Struct, frozen=True):
    """One change. ``run`` is the ``check --fix`` that made it, ``fix`` the number of the fix in it.

    ``before`` are the places (handles, positions) where the same thing stood already: that is not landiag's, and
    stays. ``boot`` is the machine's start in which it was made.
    """

    id: str
    run: str
    fix: int
    created: str
    boot: str
    title: str
    port: int
    change: Change | Edited | Restarted
    before: tuple[int, ...] = ()
    state: State = State.PLANNED

    @property
    def is_gone_with_start(self) -> bool:
        """Whether the machine's next start takes it."""
        return not isinstance(self.change, OfTool | Edited)
