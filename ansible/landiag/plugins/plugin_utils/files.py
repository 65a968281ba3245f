"""Files on the controller: names of hosts as names of files, files for their owner alone."""

from __future__ import annotations

import os
import re
import tempfile

_PLAIN = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}")


def file_name(host: str) -> str:
    """The file name of a host without its suffix, as ``landiag fleet`` reads it back."""
    if _PLAIN.fullmatch(host):
        return host
    data = host.encode("utf-8", "surrogateescape")
    return "".join(
        chr(byte) if _is_plain(byte) and not (place == 0 and byte == ord(".")) else f"%{byte:02X}"
        for place, byte in enumerate(data)
    )


def _is_plain(byte: int) -> bool:
    return chr(byte).isascii() and (chr(byte).isalnum() or chr(byte) in "._-")


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
