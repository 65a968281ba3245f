"""A server ended and started anew: only the invoking user's own, only the very process that was looked at.

It is ended by its signal and waited for, never killed; the new one stays when landiag ends.
"""

from __future__ import annotations

import sys

assert sys.platform == "linux"

import os
import select
import signal
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress

from msgspec import Struct

from landiag.apply import CannotApply
from landiag.model.actions import End, Run
from landiag.redact.masking import mask_argv

END_SECONDS = 10.0
START_SECONDS = 10.0
_SAME_START = 0.05
"""Seconds by which the start of the same process may differ when it is computed twice from the clock ticks."""
_OF_THE_OLD = ("WERKZEUG_RUN_MAIN", "WERKZEUG_SERVER_FD")


class Old(Struct, frozen=True):
    """What a process was: its unmasked command line, its folder, its whole environment."""

    argv: tuple[str, ...]
    cwd: str
    environment: Mapping[str, str]


class New(Struct, frozen=True):
    """A server that was started: its process, and whether it is listening."""

    pid: int
    started: float
    listens: bool


def describe_own(end: End) -> Old:
    """Read what the process is. Raises CannotApply where it is not the invoking user's, or not the same any more."""
    import psutil

    try:
        process = psutil.Process(end.pid)
        with process.oneshot():
            uids, started = process.uids(), process.create_time()
            if {uids.real, uids.effective, uids.saved} != {os.geteuid()}:
                raise CannotApply(f"process {end.pid} runs as another user")
            old = Old(tuple(process.cmdline()), process.cwd(), process.environ())
    except psutil.Error as error:
        raise CannotApply(f"process {end.pid} is not there any more, or may not be looked at") from error
    if not _lives_here(end.pid):
        raise CannotApply(f"process {end.pid} runs in a container: what it says means something else there")
    if end.started is None or abs(started - end.started) > _SAME_START:
        raise CannotApply(f"process {end.pid} is not the one that landiag looked at")
    if mask_argv(old.argv) != end.argv or old.argv != end.argv:
        raise CannotApply(f"the command line of process {end.pid} holds a secret, or has changed")
    return old


def _lives_here(pid: int) -> bool:
    """Whether a process sees the same files, processes and network: a container's root is none of ours."""
    try:
        same = all(
            os.readlink(f"/proc/{pid}/ns/{kind}") == os.readlink(f"/proc/self/ns/{kind}")
            for kind in ("mnt", "net", "pid")
        )
        return same and os.path.samefile(f"/proc/{pid}/root", "/")
    except OSError:
        return False


def end_server(end: End, port: int) -> None:
    """End a process by its signal, and wait for it and until nothing of it listens on the port any more.

    Raises CannotApply where it is still there after that. Its children may outlive it, and with them its sockets: a new
    server could not listen there.
    """
    held = _sockets_of(end.pid) & _listening(port)
    _end(end)
    deadline = time.monotonic() + END_SECONDS
    while held & _listening(port):
        if time.monotonic() > deadline:
            raise CannotApply(
                f"process {end.pid} has ended, but one that it started still listens on port {port}"
            )
        time.sleep(0.02)


def _sockets_of(pid: int) -> frozenset[str]:
    """The inodes of the sockets that a process and its children have open."""
    import psutil

    links: list[str] = []
    with suppress(psutil.Error):
        process = psutil.Process(pid)
        for one in (process, *process.children(recursive=True)):
            with suppress(OSError):  # it has ended meanwhile
                links += [_link(entry.path) for entry in os.scandir(f"/proc/{one.pid}/fd")]
    return frozenset(link[len("socket:[") : -1] for link in links if link.startswith("socket:["))


def _link(path: str) -> str:
    try:
        return os.readlink(path)
    except OSError:
        return ""  # it was closed meanwhile


def _end(end: End) -> None:
    try:
        process = os.pidfd_open(end.pid)
    except OSError as error:
        raise CannotApply(f"process {end.pid} is not there any more") from error
    try:
        describe_own(end)  # the descriptor is held: from here on the number means this process
        signal.pidfd_send_signal(process, signal.Signals[f"SIG{end.signal}"])
        ended, _, _ = select.select([process], [], [], END_SECONDS)
    finally:
        os.close(process)
    if not ended:
        raise CannotApply(f"process {end.pid} did not end within {END_SECONDS:.0f} s: landiag kills nothing")


def start_server(run: Run, environment: Mapping[str, str], log: int, port: int) -> New:
    """Start a server that stays, and wait until its port listens. Raises CannotApply where it ends at once."""
    import psutil

    there = _listening(port)
    variables = {name: value for name, value in environment.items() if name not in _OF_THE_OLD}
    try:
        child = subprocess.Popen(
            run.argv,
            cwd=run.cwd,
            env={**variables, **dict(run.environment)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        started = psutil.Process(child.pid).create_time()
    except (OSError, psutil.Error) as error:
        raise CannotApply(f"{run.argv[0]} could not be started: {error}") from error
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if child.poll() not in (None, 0):
            raise CannotApply(f"{run.argv[0]} ended at once with status {child.returncode}")
        if _listening(port) - there:
            return New(child.pid, started, listens=True)
        time.sleep(0.05)
    return New(child.pid, started, listens=False)


def find_by_output(log: os.stat_result | None) -> tuple[int, float] | None:
    """The process that landiag started with this file as its output, and since when it runs; None: there is none."""
    import psutil

    if log is None:
        return None
    for process in psutil.process_iter():
        with suppress(OSError, psutil.Error):  # it has ended, or is another user's
            output = os.stat(f"/proc/{process.pid}/fd/1")
            if os.path.samestat(output, log) and os.getsid(process.pid) == process.pid:
                return process.pid, process.create_time()
    return None


def is_listening(port: int) -> bool:
    """Whether any socket of this network namespace listens on a TCP port."""
    return bool(_listening(port))


def _listening(port: int) -> frozenset[str]:
    """The inodes of the sockets of this network namespace that listen on a TCP port (proc(5), /proc/net/tcp)."""
    found: set[str] = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with suppress(OSError), open(table, encoding="ascii") as file:
            rows = [line.split() for line in file][1:]
            found |= {row[9] for row in rows if row[3] == "0A" and int(row[1].rpartition(":")[2], 16) == port}
    return frozenset(found)
