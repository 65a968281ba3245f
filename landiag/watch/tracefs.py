"""The kernel's own drop reasons: the tracepoint skb:kfree_skb, in a private instance of tracefs.

The instance ends with this process, however that ends: a child waits on a pipe and removes it then. Sources:
Documentation/trace/ftrace.rst, include/net/dropreason-core.h in the Linux kernel.
"""

from __future__ import annotations

import os
import secrets
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from landiag.model.regex import regex
from landiag.watch.events import Drop

ROOTS = ("/sys/kernel/tracing", "/sys/kernel/debug/tracing")
_BUFFER_KB = "256"
_FILTER = "protocol == 0x0800 || protocol == 0x86dd"
_LINE = regex(r"\s(\d+\.\d+): kfree_skb: .*protocol=(\d+) location=(\S+) reason: (\w+)")
_QUIET = frozenset(("NO_SOCKET", "SOCKET_CLOSE", "TCP_RESET", "NOT_SPECIFIED", "OTHERHOST", "TCP_OLD_DATA"))
"""Reasons that say nothing about a SYN that got no answer: they end packets of other kinds all the time."""


def parse_trace(text: str, offset: float, since: float) -> Iterator[Drop]:
    """Read the text of a trace. ``offset`` turns its clock into the epoch's; what is not after ``since`` is left."""
    for line in text.splitlines():
        found = _LINE.search(line)
        if found is None or found[4] in _QUIET:
            continue
        at = float(found[1]) + offset
        if at > since:
            yield Drop(at, found[4], found[3], 6 if int(found[2]) == 0x86DD else 4)


class Tracer:
    """Drop reasons as they happen. Raises OSError where there is no tracefs, or no right to use it."""

    def __init__(self) -> None:
        root = next((Path(one) for one in ROOTS if Path(one, "instances").is_dir()), None)
        if root is None:
            raise FileNotFoundError("tracefs is not mounted")
        if not Path(root, "events/skb/kfree_skb/format").is_file():
            raise FileNotFoundError("this kernel has no tracepoint skb:kfree_skb")
        if "reason" not in Path(root, "events/skb/kfree_skb/format").read_text(encoding="ascii"):
            raise FileNotFoundError("this kernel gives no drop reasons (it is older than 5.17)")
        self._sweep(root)
        self._folder = root / "instances" / f"landiag-{secrets.token_hex(6)}"
        self._keeper, self._pipe = _keep(self._folder)
        try:
            self._folder.mkdir()
            self._configure()
            self._trace = open(self._folder / "trace", encoding="utf-8", errors="replace")  # noqa: SIM115
        except OSError:
            self.close()
            raise
        self._seen = time.time()

    def _sweep(self, root: Path) -> None:
        """Remove what a watch has left behind; an instance in use is held by its open file, and stays."""
        for old in (root / "instances").glob("landiag-*"):
            _remove(old)

    def _configure(self) -> None:
        for name, value in (
            ("buffer_size_kb", _BUFFER_KB),
            ("trace_clock", "mono"),
            ("events/skb/kfree_skb/filter", _FILTER),
            ("events/skb/kfree_skb/enable", "1"),
        ):
            (self._folder / name).write_text(value, encoding="ascii")

    def take(self) -> list[Drop]:
        """Read the drops since the last time."""
        offset = time.time() - time.monotonic()
        self._trace.seek(0)
        found = list(parse_trace(self._trace.read(), offset, self._seen))
        self._seen = max((drop.at for drop in found), default=self._seen)
        return found

    def close(self) -> None:
        """Remove the instance, and the child that would have."""
        trace = getattr(self, "_trace", None)
        if trace is not None:
            trace.close()
        _remove(self._folder)
        os.close(self._pipe)
        os.waitpid(self._keeper, 0)


def _remove(folder: Path) -> None:
    """Remove an instance: tracefs takes its files with it. It refuses while somebody reads there."""
    try:
        (folder / "events/enable").write_text("0", encoding="ascii")
        folder.rmdir()
    except OSError:
        return


def _keep(folder: Path) -> tuple[int, int]:
    """Start the child that removes the folder when this process has ended, in whatever way: (its pid, the pipe)."""
    if sys.platform != "linux":
        raise OSError("tracefs is on Linux alone")
    reading, writing = os.pipe()
    pid = os.fork()
    if pid:
        os.close(reading)
        return pid, writing
    os.close(writing)
    os.setsid()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    os.read(reading, 1)
    for _ in range(100):  # the dying process may hold its files for a moment
        _remove(folder)
        if not folder.exists():
            break
        time.sleep(0.02)
    os._exit(0)
