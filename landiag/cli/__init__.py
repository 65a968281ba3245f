"""The command line: the only part that prints or exits. It hands in the clock and the terminal."""

from __future__ import annotations

from typing import NoReturn


def run() -> NoReturn:
    """Run the command line and exit; see ``app.run``. What it needs is loaded now: ``--version`` needs none of it."""
    from landiag.cli.app import run as run_app

    run_app()
