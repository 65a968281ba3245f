"""``landiag undo``: takes back what the last ``landiag check --fix`` did."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from landiag.cli.files.outputs import Stop


def undo(
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    forget: Annotated[
        bool,
        typer.Option("--forget", help="Change nothing, and drop it from the list of what can be undone."),
    ] = False,
) -> None:
    """Take back what the last check --fix did: only what landiag added, and only where it is as landiag left it.

    Exit status: 0 taken back, 1 not possible, 2 nothing to take back.

    Examples: landiag undo; sudo landiag undo --yes
    """
    from landiag.cli.fixing.asking import is_attended

    if not yes and not is_attended():
        raise Stop("there is no terminal to ask on: landiag undo --yes does not ask")
    if sys.platform == "linux":
        from landiag.cli.fixing.undoing import undo_last_run

        raise SystemExit(undo_last_run(yes=yes, forget=forget))
    raise Stop("landiag changes nothing on this system, so there is nothing to undo")
