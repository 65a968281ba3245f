"""Files that the user names: read within a bound of size and time, whatever they are.

A device without an end, a pipe that nobody writes into and a file of gigabytes are told in one sentence.
"""

from __future__ import annotations

import os
import select
import stat
import sys
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import BinaryIO

from landiag.cli.files.outputs import Stop

MEGABYTE = 1 << 20
MOST_RECORDED = 64 * MEGABYTE
"""The largest recording or report, unpacked."""

MOST_RULES = 256 * MEGABYTE
"""The largest saved ruleset or file of packets."""

SECONDS = 60.0
"""How long a file may take where no --timeout says it."""

UNOPENED = 5.0
"""How long a pipe may have nobody who could write into it."""

_PIECE = 1 << 18
_GZIP = b"\x1f\x8b"


def read_input(file: Path, most: int = MOST_RECORDED, deadline: float | None = None) -> bytes:
    """Read a file, a pipe or a device, unpacked where it is gzipped. Stops with a sentence where that cannot be.

    ``most`` bounds its bytes, ``deadline`` (on ``time.monotonic()``'s clock) the time.
    """
    end = time.monotonic() + SECONDS if deadline is None else deadline
    try:
        return b"".join(_bounded(file, _unpacked(file, _pieces(file, end)), most))
    except OSError as error:
        raise Stop(f"{file} could not be read: {error.strerror}") from error


def read_input_text(file: Path, deadline: float | None = None) -> str:
    """Read a recording or a report as text; bytes that are no UTF-8 stay what they are."""
    return read_input(file, MOST_RECORDED, deadline).decode("utf-8", "surrogateescape")


@contextmanager
def open_again(file: Path, most: int, deadline: float) -> Iterator[BinaryIO]:
    """Open what is read more than once; a pipe or device is kept in a nameless temporary file for that.

    Stops with a sentence where it cannot be read; ``most`` and ``deadline`` are as in ``read_input``.
    """
    try:
        if file.is_file():
            with file.open("rb") as stream:
                yield stream
            return
        import tempfile  # few files are pipes, and it is large

        with tempfile.TemporaryFile() as kept:
            kept.writelines(_bounded(file, _pieces(file, deadline), most))
            yield kept
    except OSError as error:
        raise Stop(f"{file} could not be read: {error.strerror}") from error


def _bounded(file: Path, pieces: Iterator[bytes], most: int) -> Iterator[bytes]:
    """The pieces of a file that is not too large. Stops with a sentence where it is."""
    total = 0
    for piece in pieces:
        total += len(piece)
        if total > most:
            raise Stop(f"{file} is larger than {most // MEGABYTE} MB, which is more than can be read")
        yield piece


def _pieces(file: Path, end: float) -> Iterator[bytes]:
    descriptor = os.open(file, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    try:
        waits = not stat.S_ISREG(os.fstat(descriptor).st_mode) and sys.platform != "win32"
        while piece := _read_waiting(file, descriptor, end) if waits else os.read(descriptor, _PIECE):
            if time.monotonic() > end:
                raise Stop(f"{file} did not end in the time that was allowed (--timeout)")
            yield piece
    finally:
        os.close(descriptor)


def _read_waiting(file: Path, descriptor: int, end: float) -> bytes:
    """The next piece of a pipe or device, once it has one; empty when its writers are gone."""
    if _has_more(descriptor, min(end, time.monotonic() + UNOPENED)):
        return os.read(descriptor, _PIECE)
    try:
        piece = os.read(descriptor, _PIECE)
    except BlockingIOError as waiting:  # somebody has it open and is silent so far
        if _has_more(descriptor, end):
            return os.read(descriptor, _PIECE)
        raise Stop(f"{file} said nothing in the time that was allowed (--timeout)") from waiting
    if not piece:
        raise Stop(f"{file} is a pipe that nothing writes into: start the command that does first")
    return piece


def _has_more(descriptor: int, end: float) -> bool:
    """Whether there is something to read by then, or the last writer is gone."""
    if sys.platform == "win32":
        return True
    poll = select.poll()
    poll.register(descriptor, select.POLLIN | select.POLLHUP)
    return bool(poll.poll(max(0.0, end - time.monotonic()) * 1000))


def _unpacked(file: Path, pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The bytes themselves, or what gzip packed; never more of it at once than a piece."""
    first = next(pieces, b"")
    if not first.startswith(_GZIP):
        yield first
        yield from pieces
        return
    unpacker = zlib.decompressobj(wbits=31)
    try:
        for piece in chain((first,), pieces):
            waiting = piece
            while waiting and not unpacker.eof:
                yield unpacker.decompress(waiting, _PIECE)
                waiting = unpacker.unconsumed_tail
    except zlib.error as error:
        raise Stop(f"{file} cannot be unpacked: it is damaged") from error
    if not unpacker.eof or unpacker.unused_data:
        raise Stop(f"{file} cannot be unpacked: it is cut off, or more follows its end")
