"""Files on the controller that only their owner may read."""

from __future__ import annotations

import os
import tempfile


def write_private(path: str, data: bytes) -> None:
    """Write a file whole or not at all, readable for its owner alone; a link of that name is replaced, not followed."""
    folder = os.path.dirname(path)
    os.makedirs(folder, mode=0o700, exist_ok=True)
    # A name with a dot in front is no recording to `landiag fleet`, should this process end before its end.
    descriptor, unfinished = tempfile.mkstemp(prefix=".", dir=folder)
    try:
        with open(descriptor, "wb") as file:
            file.write(data)
        os.replace(unfinished, path)
    except BaseException:
        os.unlink(unfinished)
        raise
