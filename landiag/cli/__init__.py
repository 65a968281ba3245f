"""The command line: the only part that prints or exits. It hands in the clock and the terminal."""

from __future__ import annotations

from typing import NoReturn


def run() -> NoReturn:
    """Run the command line and exit. What it needs is loaded now: ``--version`` needs none of it."""
    from landiag.cli.program import run as run_program

    run_program()
