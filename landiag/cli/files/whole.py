"""A file that appears whole or not at all; where the system can, a kill leaves nothing of it."""

from __future__ import annotations

import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path


def write_whole(file: Path, data: bytes) -> None:
    """Write a file that nobody but the user may read (mode 0600), in place of one of that name. Raises OSError."""
    nameless = _open_nameless(file.parent)
    if nameless is None:
        _write_beside(file, data)
        return
    with open(nameless, "wb") as stream:
        stream.write(data)
        stream.flush()
        is_named = _give_name(stream.fileno(), file)
    if not is_named:
        _write_beside(file, data)


def _open_nameless(folder: Path) -> int | None:
    """A file without a name in a folder (open(2), O_TMPFILE); None where the system has no such thing there."""
    nameless = getattr(os, "O_TMPFILE", 0)
    if not nameless:
        return None
    try:
        return os.open(folder, os.O_WRONLY | nameless | os.O_CLOEXEC, 0o600)
    except OSError:
        return None


def _give_name(descriptor: int, file: Path) -> bool:
    """Give a nameless file its name; False where that is not possible here. Raises OSError where a name is taken."""
    folder = os.open(file.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        # Given a folder Python calls linkat(2), which alone follows the link in /proc.
        os.link(f"/proc/self/fd/{descriptor}", file.name, src_dir_fd=folder, dst_dir_fd=folder)
    except FileExistsError:
        return _replace(descriptor, file.name, folder)
    except OSError:
        return False
    finally:
        os.close(folder)
    return True


def _replace(descriptor: int, name: str, folder: int) -> bool:
    beside = f".{name}.{secrets.token_hex(4)}"
    os.link(f"/proc/self/fd/{descriptor}", beside, src_dir_fd=folder, dst_dir_fd=folder)
    try:
        os.replace(beside, name, src_dir_fd=folder, dst_dir_fd=folder)
    except BaseException:  # Ctrl-C, too
        with suppress(FileNotFoundError):
            os.unlink(beside, dir_fd=folder)
        raise
    return True


def _write_beside(file: Path, data: bytes) -> None:
    descriptor, beside = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
    try:
        with open(descriptor, "wb") as stream:
            stream.write(data)
        os.replace(beside, file)
    except BaseException:  # Ctrl-C, too
        with suppress(FileNotFoundError):
            os.unlink(beside)
        raise
