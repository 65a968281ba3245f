"""The live machine behind the door: commands, files and Python calls, each bounded in time and size."""

from __future__ import annotations

import os
import selectors
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from importlib import import_module

from msgspec import Struct, field

from landiag.collect.reader import DENIED_WORDS, MAX_BYTES
from landiag.host.modules import is_present
from landiag.host.programs import SAFE_PATH, find_program, installing
from landiag.host.variables import inherited_variables
from landiag.host.windows import Room, drain
from landiag.model.facts import Call, Command, File, Reading, ReadStatus, Source

MAX_TOGETHER = 128 * 1024 * 1024
"""The most that all commands may say together, so that no few of them fill the memory."""

KEPT_OF_TOO_MUCH = 64 * 1024
"""How much is kept of what said more: enough to see what it was."""

CALLS: Mapping[str, str] = {
    "machine": "landiag.host.calls:machine",
    "processes": "landiag.host.calls:processes",
    "namespaces": "landiag.host.calls:namespaces",
    "edit": "landiag.host.calls:edit",
    "named-networks": "landiag.host.calls:named_networks",
    "own-debugger": "landiag.host.own_debugger:own_debugger",
    "bind": "landiag.wire.bind:bind_test",
    "http": "landiag.wire.http:exchange",
    "advertised": "landiag.wire.advertised:advertised",
    "connect": "landiag.wire.tcp:connect",
    "ping": "landiag.wire.icmp:ping",
    "resolve": "landiag.wire.resolve:resolve",
    "name-servers": "landiag.wire.dns:ask_name_servers",
    "host-names": "landiag.wire.names:host_names",
    "proxies": "landiag.wire.proxies:proxies",
    "path-mtu": "landiag.wire.mtu:path_mtu",
    "trace": "landiag.wire.trace:trace",
    "survey": "landiag.wire.survey:survey",
    "sweep": "landiag.wire.sweep:sweep",
    "arp": "landiag.wire.arp:arp",
    "syn": "landiag.wire.syn:syn",
    "nf-tables": "landiag.wire.nf_tables:nf_tables",
    "prove": "landiag.prove.run:prove",
    "listeners": "landiag.host.windows_calls:listeners",
    "adapters": "landiag.host.windows_calls:adapters",
    "registry": "landiag.host.windows_calls:registry",
}
"""The Python functions that may be asked, ``(params, timeout in seconds) -> JSON bytes``; imported on use."""


class LiveHost(Struct):
    """This machine. ``deadline`` is on ``time.monotonic()``'s clock and bounds every reading.

    ``sudo`` is put before commands that need root; empty means that they run as they are.
    """

    deadline: float
    sudo: tuple[str, ...] = ()
    max_bytes: int = MAX_BYTES
    path: tuple[str, ...] = SAFE_PATH
    _children: set[int] = field(default_factory=set)
    _room: Room = field(default_factory=lambda: Room(MAX_TOGETHER))

    def read(self, source: Source) -> Reading:
        """Read one source of this machine; see ``Host.read``."""
        started = time.monotonic()
        match source:
            case Command():
                reading = self._run(source)
            case File():
                reading = self._read_file(source)
            case Call():
                reading = self._call(source)
        return _timed(reading, time.monotonic() - started)

    def _remaining(self) -> float:
        return max(0.0, self.deadline - time.monotonic())

    def _run(self, source: Command) -> Reading:
        if source.module is not None and not is_present(source.module):
            return failed_reading(source, ReadStatus.NOT_LOADED, f"the kernel has no {source.module} loaded")
        program = find_program(source.argv[0], self.path)
        if program is None:
            return _missing(source, self.path)
        argv = (program, *source.argv[1:])
        if source.needs_root and self.sudo:
            argv = (*self.sudo, *argv)
        try:
            child = subprocess.Popen(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env={**inherited_variables(), "PATH": os.pathsep.join(self.path), "LC_ALL": "C", "LANG": "C"},
                cwd="/" if os.name == "posix" else None,
                start_new_session=True,
            )
        except OSError as error:
            return failed_reading(
                source, ReadStatus.FAILED, f"{source.argv[0]} could not be run: {error.strerror}"
            )
        return self._collect(source, child)

    def _collect(self, source: Command, child: subprocess.Popen[bytes]) -> Reading:
        self._children.add(child.pid)
        try:
            read_pipes = _drain if os.name == "posix" else drain
            output, errors, ended = read_pipes(child, self.deadline, self.max_bytes, self._room)
        finally:
            self._children.discard(child.pid)
        detail = _first_line(errors)
        if ended is not None:
            said = "did not answer in time" if ended is ReadStatus.TIMED_OUT else "said more than can be read"
            kept = output[:KEPT_OF_TOO_MUCH]
            return Reading(source.name, ended, kept, source.argv, detail=f"{source.argv[0]} {said}")
        if child.returncode not in source.ok_statuses:
            status = ReadStatus.DENIED if _sounds_denied(errors) else ReadStatus.FAILED
            detail = detail or f"{source.argv[0]} ended with status {child.returncode}"
            return Reading(source.name, status, output, source.argv, detail=detail, remedy=remedy(source))
        return Reading(source.name, ReadStatus.OK, output, source.argv, detail=detail)

    def _read_file(self, source: File) -> Reading:
        try:
            data = _read_whole(source.path, self.max_bytes)
        except PermissionError:
            if self.sudo and source.needs_root:
                return self._run(cat(source))
            return failed_reading(source, ReadStatus.DENIED, f"{source.path} is readable for root only")
        except (FileNotFoundError, NotADirectoryError):
            return failed_reading(source, ReadStatus.MISSING, f"there is no {source.path}")
        except OSError as error:
            return failed_reading(
                source, ReadStatus.FAILED, f"{source.path} could not be read: {error.strerror}"
            )
        if len(data) > self.max_bytes:
            return Reading(
                source.name, ReadStatus.TOO_LARGE, data[:KEPT_OF_TOO_MUCH], detail="it is too large"
            )
        return Reading(source.name, ReadStatus.OK, data)

    def _call(self, source: Call) -> Reading:
        module, function = CALLS[source.kind].split(":")
        limit = min(source.seconds, self._remaining())
        started = time.monotonic()
        try:
            data = getattr(import_module(module), function)(dict((*source.params, *source.patience)), limit)
        except OSError as error:
            return failed_reading(source, ReadStatus.FAILED, f"{source.kind}: {error.strerror or error}")
        except ImportError as error:
            library = (error.name or "a library").partition(".")[0]
            return failed_reading(source, ReadStatus.MISSING, f"{source.kind}: {library} is not installed")
        # An exchange that was cut short by the host's deadline has seen no silence: it had no time to listen.
        if limit < source.seconds and time.monotonic() - started >= limit:
            return failed_reading(source, ReadStatus.TIMED_OUT, "too little time was left for it")
        return Reading(source.name, ReadStatus.OK, data)

    def close(self) -> None:
        """End the commands that are still running: their readers are past their deadline."""
        for pid in tuple(self._children):
            _end_group(pid)


def cat(source: File) -> Command:
    """Name the command by which root reads a file."""
    return Command(source.name, ("cat", source.path), needs_root=True)


def remedy(source: Source) -> str | None:
    """Name the complete command with which a person reads this source; None for Python calls."""
    match source:
        case Command():
            program = find_program(source.argv[0]) or source.argv[0]
            if sys.platform == "win32":
                return subprocess.list2cmdline((source.argv[0], *source.argv[1:]))
            return shlex.join(("sudo", program, *source.argv[1:]))
        case File():
            return shlex.join(("sudo", *cat(source).argv))
        case Call():
            return None


def failed_reading(source: Source, status: ReadStatus, detail: str) -> Reading:
    """Make the reading of a source that could not be read; ``detail`` says why."""
    argv = source.argv if isinstance(source, Command) else None
    return Reading(source.name, status, argv=argv, detail=detail, remedy=remedy(source))


def _missing(source: Command, path: tuple[str, ...]) -> Reading:
    """The reading of a program that is not there: what helps is to install it, not to run it."""
    name = source.argv[0]
    install = installing(name, path)
    remedy = None if install is None else f"sudo {install}"
    return Reading(
        source.name,
        ReadStatus.MISSING,
        argv=source.argv,
        detail=f"the program {name} is not installed",
        remedy=remedy,
    )


def _timed(reading: Reading, seconds: float) -> Reading:
    return Reading(
        reading.source,
        reading.status,
        reading.data,
        reading.argv,
        round(seconds, 6),
        reading.detail,
        reading.remedy,
    )


def _drain(
    child: subprocess.Popen[bytes], deadline: float, max_bytes: int, room: Room
) -> tuple[bytes, bytes, ReadStatus | None]:
    """Read both pipes until they close. The status is None when the child ended by itself in time."""
    assert child.stdout is not None
    assert child.stderr is not None
    pieces: dict[int, list[bytes]] = {child.stdout.fileno(): [], child.stderr.fileno(): []}
    total, ended = 0, None
    with child.stdout, child.stderr, selectors.DefaultSelector() as selector:
        for descriptor in pieces:
            selector.register(descriptor, selectors.EVENT_READ)
        while selector.get_map() and ended is None:
            ready = selector.select(max(0.0, deadline - time.monotonic()))
            if not ready or time.monotonic() > deadline:
                ended = ReadStatus.TIMED_OUT
            for key, _ in ready:
                chunk = os.read(key.fd, 1 << 20)
                if not chunk:
                    selector.unregister(key.fd)
                pieces[key.fd].append(chunk)
                total += len(chunk)
                room.left -= len(chunk)
            if total > max_bytes or room.left < 0:
                ended = ReadStatus.TOO_LARGE
        if ended is None:
            ended = _wait(child, deadline)
        if ended is not None:
            _end_group(child.pid)
            child.wait()
        if ended is not None:
            room.left += total
            pieces = {descriptor: parts[:1] for descriptor, parts in pieces.items()}
        output, errors = (b"".join(parts) for parts in pieces.values())
        return output, errors, ended


def _wait(child: subprocess.Popen[bytes], deadline: float) -> ReadStatus | None:
    try:
        child.wait(max(0.0, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        return ReadStatus.TIMED_OUT
    return None


def _read_whole(path: str, max_bytes: int) -> bytes:
    """Read a file in small pieces: the kernel refuses large ones for its own files. Devices do not block it."""
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    pieces: list[bytes] = []
    total = 0
    try:
        while total <= max_bytes and (piece := os.read(descriptor, 1 << 16)):
            pieces.append(piece)
            total += len(piece)
    finally:
        os.close(descriptor)
    return b"".join(pieces)


def _end_group(pid: int) -> None:
    """Kill a child with everything it started: it leads a session of its own."""
    try:
        if sys.platform == "win32":
            os.kill(pid, signal.SIGTERM)
        else:
            os.killpg(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return  # it ended by itself, or runs as root under sudo, which ends it


def _first_line(errors: bytes) -> str:
    lines = [line.strip() for line in errors.decode("utf-8", "backslashreplace").splitlines()]
    return next((line for line in lines if line), "")[:300]


def _sounds_denied(errors: bytes) -> bool:
    said = errors.decode("utf-8", "replace").lower()
    return any(words in said for words in DENIED_WORDS)
