"""What a fix does, typed: a program that is run, a process that is told to end, a line that is edited.

``--fix`` carries out actions and nothing else; the lines that people paste are written from them (``lines``).
"""

from __future__ import annotations

from enum import Enum

from msgspec import Struct

from landiag.model.changes import Change


class Lasts(str, Enum):
    """How long a fix lasts by itself."""

    FOR_GOOD = "for-good"
    UNTIL_RESTART = "until-restart"  # of this machine
    WHILE_IT_RUNS = "while-it-runs"  # until the server is started the old way again


class Run(Struct, frozen=True, tag_field="do", tag="run"):
    """A program that is run, without a shell, in ``cwd`` (None: anywhere), with these variables added.

    ``change`` is what it changes on this machine, which is also how it is undone; None where nobody knows.
    ``detached`` is a server that stays. ``user`` owns the process that ``argv``, ``cwd`` and ``environment``
    were read from (None: they are landiag's own words); ``for_user`` is the same where somebody else reads this.
    """

    argv: tuple[str, ...]
    cwd: str | None = None
    environment: tuple[tuple[str, str], ...] = ()
    stdin: str | None = None
    change: Change | None = None
    detached: bool = False
    user: str | None = None
    for_user: str | None = None


class End(Struct, frozen=True, tag_field="do", tag="end"):
    """A signal for a process. ``started`` (seconds since the epoch) and ``argv`` tell that it is still the same."""

    pid: int
    signal: str = "TERM"
    started: float | None = None
    argv: tuple[str, ...] = ()
    user: str | None = None


class EditFile(Struct, frozen=True, tag_field="do", tag="edit"):
    """One line of a file that is written anew. ``line`` counts from 1; ``find`` is the whole line as it was read."""

    file: str
    line: int | None
    find: str
    replace: str


Action = Run | End | EditFile
