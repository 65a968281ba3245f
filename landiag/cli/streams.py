"""Standard output and error that never change a command's exit status: closed, full or of a poor encoding."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from typing import Any, TextIO


class Stream:
    """A text stream whose writes do not fail: what cannot be written is lost, and the command goes on.

    ``when_lost`` is called once, at the first write that fails.
    """

    def __init__(self, inner: TextIO) -> None:
        self._inner = inner
        self.when_lost: Callable[[], None] | None = None

    def __getattr__(self, name: str) -> Any:
        """Everything else is the stream's own."""
        return getattr(self._inner, name)

    def write(self, text: str) -> int:
        """Write, if that can be done; returns how many letters were given."""
        try:
            self._inner.write(text)
        except (OSError, ValueError):
            self._lose()
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Write them all, if that can be done."""
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """Flush, if that can be done."""
        try:
            self._inner.flush()
        except (OSError, ValueError):
            self._lose()

    def _lose(self) -> None:
        """From now on everything goes nowhere: no error comes again, at the end of the program neither."""
        self._inner = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - it lives as long as the program
        action, self.when_lost = self.when_lost, None
        if action is not None:
            action()


def guard_streams() -> None:
    """Put such streams in place, and something under each standard descriptor that is closed.

    A file opened later would take the number of a closed one, and be written into.
    """
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    if sys.stdin is None:
        sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: SIM115 - it lives as long as the program
    sys.stdout = _guarded(sys.stdout)
    sys.stderr = _guarded(sys.stderr)


def _guarded(stream: TextIO | None) -> Any:
    if isinstance(stream, Stream):
        return stream
    if stream is None:
        stream = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - it lives as long as the program
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="backslashreplace")
    return Stream(stream)


def end_with_reader(stop: Callable[[], None]) -> None:
    """Call ``stop`` when nobody reads standard output any more: for commands that run until they are interrupted."""
    if isinstance(sys.stdout, Stream):
        sys.stdout.when_lost = stop


def complain(sentence: str, command: str = "") -> None:
    """Say one sentence on standard error, and what to type then: at a terminal on a line that is never broken."""
    from landiag.render.escape import escape_text

    said = f"landiag: {escape_text(sentence)}"
    if sys.stderr.isatty():
        from landiag.terminal import terminal_style

        style = terminal_style(no_color=True)
        said = "\n".join(style.wrap(f"{said}:" if command else said, rest="  "))
        command = f"\n    {escape_text(command)}" if command else ""
    elif command:
        command = f": {escape_text(command)}"
    sys.stderr.write(f"{said}{command}\n")
