"""The command line: the only part that prints or exits. It hands in the clock and the terminal."""

from __future__ import annotations

from landiag.cli.app import run

__all__ = ["run"]
