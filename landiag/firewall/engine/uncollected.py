"""Work that makes no garbage, without looking for it: that would take as long as the work itself."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """Do not look for cycles of objects meanwhile."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            _settle()
            gc.enable()


def _settle() -> None:
    """Count what was made among what lasts, so that it is not looked through as soon as collecting goes on."""
    if not gc.get_freeze_count():
        gc.freeze()
        gc.unfreeze()
