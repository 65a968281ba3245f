"""One line of a file written anew: only the invoking user's own file, reached by no link, and as it was read."""

from __future__ import annotations

import sys

assert sys.platform == "linux"

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from landiag.apply import CannotApply

_MOST_BYTES = 4 << 20


def refuse_unsafe_file(path: str, line: int, text: str) -> None:
    """Raise CannotApply where a file is not the invoking user's own, or its line is not as it was read."""
    with _open_folder(path) as (folder, name):
        _read(folder, name, path, line, text)


def is_line(path: str, line: int, text: str) -> bool:
    """Whether a line is this one; False too where the file may not be edited."""
    try:
        refuse_unsafe_file(path, line, text)
    except CannotApply:
        return False
    return True


def replace_line(path: str, line: int, before: str, after: str) -> None:
    """Write a line (it counts from 1) anew: the whole new file appears in place of the old one, or nothing.

    Raises CannotApply.
    """
    with _open_folder(path) as (folder, name):
        lines, mode = _read(folder, name, path, line, before)
        old = lines[line - 1]
        ending = old[len(old.rstrip(b"\r\n")) :]
        lines[line - 1] = after.encode("utf-8", "surrogateescape") + ending
        beside = _beside(name)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            _remove(beside, folder)
            with os.fdopen(os.open(beside, flags, 0o600, dir_fd=folder), "wb") as file:
                file.write(b"".join(lines))
                file.flush()
                os.fchmod(file.fileno(), mode)
                os.fsync(file.fileno())
            os.rename(beside, name, src_dir_fd=folder, dst_dir_fd=folder)
        except OSError as error:
            _remove(beside, folder)
            raise CannotApply(f"{path} could not be written: {error.strerror}") from error


def remove_unfinished(path: str) -> None:
    """Remove the new file that a killed landiag had not put in place yet. Raises CannotApply."""
    with _open_folder(path) as (folder, name):
        _remove(_beside(name), folder)


def _beside(name: str) -> str:
    """What the new file is called until it takes the old one's place; the journal's lock keeps it to one landiag."""
    return f".{name}.landiag"


def _remove(name: str, folder: int) -> None:
    with suppress(FileNotFoundError):
        os.unlink(name, dir_fd=folder)


@contextmanager
def _open_folder(path: str) -> Iterator[tuple[int, str]]:
    """Open the folder of a file step by step, so that no link on the way is followed."""
    if not os.path.isabs(path):
        raise CannotApply(f"{path} is no absolute path")
    *above, name = [part for part in path.split("/") if part]
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    folder = os.open("/", flags)
    try:
        for part in above:
            below = os.open(part, flags, dir_fd=folder)
            os.close(folder)
            folder = below
        yield folder, name
    except OSError as error:
        raise CannotApply(f"{path} is not reached without a link: {error.strerror}") from error
    finally:
        os.close(folder)


def _read(folder: int, name: str, path: str, line: int, text: str) -> tuple[list[bytes], int]:
    """The lines of a file with their ends, and its mode."""
    descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    with os.fdopen(descriptor, "rb") as file:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode) or found.st_nlink != 1 or found.st_size > _MOST_BYTES:
            raise CannotApply(f"{path} is no ordinary file")
        if found.st_uid != os.geteuid():
            raise CannotApply(f"{path} belongs to another user")
        lines = file.read(_MOST_BYTES).splitlines(keepends=True)
    if len(lines) < line or lines[line - 1].rstrip(b"\r\n").decode("utf-8", "surrogateescape") != text:
        raise CannotApply(f"line {line} of {path} is not what landiag read: somebody changed it meanwhile")
    return lines, stat.S_IMODE(found.st_mode)
