"""The journal of changes: one file each, in a folder that belongs to whoever makes them and to nobody else.

Root's is ``/var/lib/landiag``, a user's is in the XDG state folder. A journal that belongs to another user, that
others may write to or that is reached by a link is not read.
"""

from __future__ import annotations

import sys

assert sys.platform == "linux"

import fcntl
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import msgspec

from landiag.apply import CannotApply
from landiag.apply.entries import Entry
from landiag.model.regex import regex

ROOTS_FOLDER = "/var/lib/landiag"
_MOST_BYTES = 1 << 20
_SUFFIX = ".json"
_UNFINISHED = regex(r"\.\d{20}")
"""What an entry is called until it is whole."""


class Journal:
    """An open journal; ``folder`` is its path, for people."""

    def __init__(self, folder: str, descriptor: int) -> None:
        """Take a folder that ``open_journal`` has looked at."""
        self.folder = folder
        self._descriptor = descriptor

    def write(self, entry: Entry) -> None:
        """Write an entry so that it is on the disk, whole, when this returns. Raises CannotApply."""
        name, beside = entry.id + _SUFFIX, f".{entry.id}"
        try:
            with os.fdopen(self._create(beside), "wb") as file:
                file.write(msgspec.json.encode(entry))
                file.flush()
                os.fsync(file.fileno())
            os.rename(beside, name, src_dir_fd=self._descriptor, dst_dir_fd=self._descriptor)
            os.fsync(self._descriptor)
        except OSError as error:
            raise CannotApply(f"the journal {self.folder} could not be written: {error.strerror}") from error

    def create_log(self, name: str) -> int:
        """Create a file in the journal's folder and return its descriptor. Raises CannotApply."""
        try:
            return self._create(name)
        except OSError as error:
            raise CannotApply(f"{self.folder}/{name} could not be made: {error.strerror}") from error

    def find_log(self, name: str) -> os.stat_result | None:
        """What such a file is to the kernel; None where there is none."""
        try:
            return os.stat(name, dir_fd=self._descriptor, follow_symlinks=False)
        except OSError:
            return None

    def _create(self, name: str) -> int:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        return os.open(name, flags, 0o600, dir_fd=self._descriptor)

    def remove(self, entry: Entry) -> None:
        """Forget an entry: its change is gone."""
        os.unlink(entry.id + _SUFFIX, dir_fd=self._descriptor)

    def read(self) -> tuple[Entry, ...]:
        """All entries, the oldest first. Raises CannotApply for one that is damaged or not ours."""
        names = sorted(name for name in os.listdir(self._descriptor) if name.endswith(_SUFFIX))
        return tuple(self._read(name) for name in names)

    def _read(self, name: str) -> Entry:
        descriptor = os.open(
            name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=self._descriptor
        )
        with os.fdopen(descriptor, "rb") as file:
            found = os.fstat(descriptor)
            if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid() or found.st_size > _MOST_BYTES:
                raise CannotApply(f"{self.folder}/{name} is no file that landiag wrote")
            try:
                return msgspec.json.decode(file.read(_MOST_BYTES), type=Entry)
            except msgspec.MsgspecError as error:
                raise CannotApply(f"{self.folder}/{name} is damaged: {error}") from error

    def _sweep(self) -> None:
        """Remove entries that were being written when their landiag was killed: who writes holds the lock."""
        try:
            for name in filter(_UNFINISHED.fullmatch, os.listdir(self._descriptor)):
                os.unlink(name, dir_fd=self._descriptor)
        except OSError as error:
            raise CannotApply(f"the journal {self.folder} could not be written: {error.strerror}") from error

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other landiags (the watchdog, an undo in another window) from changing things meanwhile."""
        fcntl.flock(self._descriptor, fcntl.LOCK_EX)
        try:
            self._sweep()
            yield
        finally:
            fcntl.flock(self._descriptor, fcntl.LOCK_UN)


def new_id() -> str:
    """A name for a run or an entry; later ones sort behind earlier ones."""
    return f"{time.time_ns():020d}"


def new_log() -> str:
    """A name for the file with what a server says."""
    return f"server-{time.time_ns() // 1_000_000}.log"


def boot_id() -> str:
    """Names this start of the machine."""
    with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
        return file.read().strip()


def open_journal(*, create: bool) -> Journal | None:
    """Open the journal of whoever runs this; None where there is none and none is to be made.

    Raises CannotApply where the folder is not safe to use.
    """
    folder = ROOTS_FOLDER if os.geteuid() == 0 else _users_folder()
    parent, name = os.path.split(folder)
    if create and os.geteuid() != 0:
        os.makedirs(parent, mode=0o700, exist_ok=True)
    try:
        above = os.open(parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise CannotApply(f"{parent} could not be opened: {error.strerror}") from error
    try:
        return _open_in(above, folder, name, create=create)
    finally:
        os.close(above)


def _open_in(above: int, folder: str, name: str, *, create: bool) -> Journal | None:
    _refuse_unsafe(above, os.path.dirname(folder), 0o022)
    try:
        if create:
            with suppress(FileExistsError):  # made before; looked at below
                os.mkdir(name, 0o700, dir_fd=above)
        descriptor = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=above)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise CannotApply(f"the journal {folder} cannot be used: {error.strerror}") from error
    try:
        _refuse_unsafe(descriptor, folder, 0o077)
    except CannotApply:
        os.close(descriptor)
        raise
    return Journal(folder, descriptor)


def _refuse_unsafe(descriptor: int, folder: str, forbidden: int) -> None:
    found = os.fstat(descriptor)
    if found.st_uid != os.geteuid():
        raise CannotApply(f"{folder} belongs to another user: landiag does not use it")
    if found.st_mode & forbidden:
        raise CannotApply(f"others may change {folder}: landiag does not use it (chmod go-w, or 700)")


def _users_folder() -> str:
    """The XDG state folder's; a relative XDG_STATE_HOME counts as unset (XDG Base Directory Specification)."""
    state = os.environ.get("XDG_STATE_HOME", "")
    if not os.path.isabs(state):
        state = os.path.join(os.path.expanduser("~"), ".local", "state")
    return os.path.join(state, "landiag")
