"""Sentences about the owner of a socket, for findings and evidence."""

from __future__ import annotations

import shlex

from landiag.checks.case import Case
from landiag.checks.exchange import answerer
from landiag.collect import sockets
from landiag.journey.binding import describe_address
from landiag.model.facts import Process, ReadStatus, Socket, Unknown
from landiag.model.report import Evidence


def describe_owner(case: Case, socket: Socket) -> str:
    """Name the program that holds a socket: what a person calls it, or that it is not visible."""
    owners = case.owners(socket)
    if not owners:
        return f"A program of {_user_words(socket)}" if not socket.pids else f"Process {socket.pids[0]}"
    answers = answerer(case) if socket.port == case.port else None
    return f"{server_name(case, owners[0], answers)} (pid {owners[0].pid})"


def server_name(case: Case, process: Process, answers: str | None = None) -> str:
    """Name a server as people know it (``Flask``, ``gunicorn``), else by its program's name.

    ``answers`` is who its HTTP answer shows, where it was asked: it tells what an ``app.py`` runs.
    """
    from landiag.servers.recognise import recognise

    processes = case.facts.processes
    server = None if isinstance(processes, Unknown) else recognise(process, processes, answers)
    if server is None:
        return process.name
    return server.title.replace("a ", "A ", 1) if server.title.startswith("a ") else server.title


def _user_words(socket: Socket) -> str:
    if socket.uid is None:
        return "a user that is not visible"
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
    parts += [_describe_process(process) for process in owners[:2]]
    if not owners:
        parts.append(f"owner not visible ({_user_words(socket)})")
    return Evidence(socket_source(case), "; ".join(parts))


def _describe_process(process: Process) -> str:
    words = [f"pid {process.pid}"]
    if process.user:
        words.append(f"user {process.user}")
    if process.state in ("stopped", "tracing-stop"):
        words.append(process.state)
    words.append(shlex.join(process.argv) if process.argv else process.name)
    if process.cwd:
        words.append(f"in {process.cwd}")
    return " ".join(words)
