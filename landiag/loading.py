"""Ctrl-C while landiag is still being loaded ends it at once and without a word: nothing has been done yet."""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # signal itself loads enum, for longer than this whole package
import os
import sys


def end_by_interrupt() -> None:
    """Let Ctrl-C end the program, where it is landiag's own command; a signal that was ignored (nohup) stays so."""
    if _is_command() and _signal.getsignal(_signal.SIGINT) is _signal.default_int_handler:
        _signal.signal(_signal.SIGINT, _end)


def _is_command() -> bool:
    """Whether ``landiag`` was typed, or ``python -m landiag``, which Python calls ``-m`` until it has found it."""
    started = (*sys.argv, "")[0]
    return started == "-m" or os.path.basename(started).startswith("landiag")


def _end(number: int, frame: object) -> None:  # noqa: ARG001 - the signature of a handler
    os._exit(130)
