"""What a command waits for, on a terminal, when it takes longer than a moment."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from landiag.host import Recorder
from landiag.render.escape import escape_text

MOMENT = 1.0
"""Seconds for which nobody needs to be told anything."""


@contextmanager
def tell_waiting(recorder: Recorder) -> Iterator[None]:
    """Say on standard error, where that is a terminal, what the recorder waits for; the line goes when it is over."""
    if not sys.stderr.isatty():
        yield
        return
    over = threading.Event()
    teller = threading.Thread(target=_tell, args=(recorder, over), daemon=True)
    teller.start()
    try:
        yield
    finally:
        over.set()
        teller.join()


def _tell(recorder: Recorder, over: threading.Event) -> None:
    from landiag.terminal import show_passing

    shown = False
    while not over.wait(MOMENT):
        names = sorted(recorder.waiting)
        if names:
            more = f" and {len(names) - 1} more" if len(names) > 1 else ""
            show_passing(f"waiting for {escape_text(names[0])[:50]}{more} ...")
            shown = True
    if shown:
        show_passing("")
