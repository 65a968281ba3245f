"""Sentences about the owner of a socket, for findings and evidence."""

from __future__ import annotations

import shlex
from pathlib import PurePosixPath

from landiag.checks.application.exchange import answerer
from landiag.checks.case import Case
from landiag.collect import sockets
from landiag.journey.binding import describe_address
from landiag.model.facts import ReadStatus, Socket, Unknown
from landiag.model.process import Process
from landiag.model.report import Evidence


def describe_owner(case: Case, socket: Socket) -> str:
    """Name the program that holds a socket: what a person calls it, or that it is not visible."""
    owners = case.owners(socket)
    return f"{name_owner(case, socket)} (pid {owners[0].pid})" if owners else name_owner(case, socket)


def name_owner(case: Case, socket: Socket) -> str:
    """Name the program that holds a socket, without its process id."""
    owners = case.owners(socket)
    if not owners:
        return (
            f"a program that runs as {_user_words(socket)}"
            if not socket.pids
            else f"process {socket.pids[0]}"
        )
    return server_name(case, owners[0], answerer(case) if socket.port == case.port else None)


def subject(name: str) -> str:
    """A name at the beginning of a sentence: an article gets its capital, a name stays as it is."""
    return name[:1].upper() + name[1:] if name.startswith(("a ", "an ", "the ", "process ")) else name


def server_name(case: Case, process: Process, answers: str | None = None) -> str:
    """Name a server as people know it (``Flask``, ``gunicorn``), else by its program's name.

    ``answers`` is who its HTTP answer shows, where it was asked: it tells what an ``app.py`` runs.
    """
    from landiag.servers.recognise import recognise

    processes = case.facts.processes
    server = None if isinstance(processes, Unknown) else recognise(process, processes, answers)
    if server is None:
        return process.name
    return server.name


def _user_words(socket: Socket) -> str:
    if socket.uid is None:
        return "another user"
    return "root" if socket.uid == 0 else f"user id {socket.uid}"


_SOCKET_SOURCES = {
    "windows": "netstat -ano", "macos": "netstat -anv -p tcp", "freebsd": "sockstat -46l -P tcp",
    "openbsd": "netstat -an",
}  # fmt: skip


def socket_source(case: Case) -> str:
    """Name where the listeners were read."""
    if case.facts.os != "linux":
        return _SOCKET_SOURCES.get(case.facts.os, "listeners")
    reading = case.readings.get(sockets.LISTENERS.name)
    if reading is not None and reading.status is ReadStatus.OK:
        return shlex.join(sockets.LISTENERS.argv)
    return sockets.PROC_TCP.path


def owner_evidence(case: Case, socket: Socket) -> Evidence:
    """Show a socket with its owner: address, queue, process, command line, user, folder."""
    owners = case.owners(socket)
    parts = [describe_address(socket)]
    if socket.backlog is not None and socket.queue:
        parts.append(f"accept queue {socket.queue} of {socket.backlog}")
    parts += [_describe_process(process) for process in _started(case, socket)[:2]]
    if not owners:
        parts.append(f"(a program that runs as {_user_words(socket)})")
    return Evidence(socket_source(case), "   ".join(parts))


def _started(case: Case, socket: Socket) -> tuple[Process, ...]:
    """The processes that somebody has started: the server's first one, not the workers that hold the socket."""
    from landiag.servers.recognise import recognise

    processes, answers = case.facts.processes, answerer(case) if socket.port == case.port else None
    if isinstance(processes, Unknown):
        return ()
    servers = ((recognise(owner, processes, answers), owner) for owner in case.owners(socket))
    first = (owner if server is None else server.process for server, owner in servers)
    return tuple({one.pid: one for one in first}.values())


def _describe_process(process: Process) -> str:
    """The command as it was typed, then who runs it and where."""
    who = [f"pid {process.pid}", *([process.user] if process.user else [])]
    if process.state in ("stopped", "tracing-stop"):
        who.append(process.state)
    if process.cwd:
        who.append(f"in {process.cwd}")
    return f"{_command(process.argv) or process.name}   ({', '.join(who)})"


def _command(argv: tuple[str, ...]) -> str:
    """A command line for reading: as it was typed, or the title that a program has written over it (nginx, sshd)."""
    written = " ".join(argv).rstrip()
    is_title = bool(argv) and " " in argv[0] and not any(argv[1:])
    return written if is_title else shlex.join(_typed(argv))


def _typed(argv: tuple[str, ...]) -> tuple[str, ...]:
    """A command line as people type it: no folder of the program, no interpreter before a script of a bin folder."""
    if not argv:
        return ()
    program = PurePosixPath(argv[0]).name
    script = PurePosixPath(argv[1]) if len(argv) > 1 and program.startswith(_INTERPRETERS) else None
    if script is not None and script.parent.name in ("bin", ".bin"):
        return (script.name, *argv[2:])
    return (program, *argv[1:])


_INTERPRETERS = ("python", "node", "ruby", "perl", "php")
