"""Fixes that change how a server is started: its own command, in its own folder, with one thing changed."""

from __future__ import annotations

import re
from collections.abc import Callable

from landiag.checks.case import Case
from landiag.checks.exchange import answerer
from landiag.collect.machine import parse_edit
from landiag.model.facts import Call, Family, Process, Socket, Unknown
from landiag.model.report import Fix
from landiag.servers.recognise import Server, recognise
from landiag.servers.restart import RestartAdvice, http_command, restart_command

_UNIT = re.compile(r"/([^/]+\.service)(?:/|$)")


def server_of(case: Case, socket: Socket) -> tuple[Server, Process] | None:
    """Recognise the server that holds a socket; None when its owner is hidden or no server that is known."""
    if isinstance(case.facts.processes, Unknown):
        return None
    for process in case.owners(socket):
        server = recognise(
            process, case.facts.processes, answerer(case) if socket.port == case.port else None
        )
        if server is not None:
            return server, process
    return None


def plan(case: Case) -> tuple[Call, ...]:
    """Look for the line where a server is told to listen on loopback, where that stands in a file."""
    if case.way is None or isinstance(case.facts.sockets, Unknown):
        return ()
    wanted = []
    for socket in case.facts.sockets:
        found = server_of(case, socket) if socket.port == case.port and socket.address.is_loopback else None
        if found is not None and (found[0].kind.how in ("source", "config") or found[0].script is not None):
            wanted.append(_edit_source(case, found[1], socket, case.way.family))
    return tuple(wanted)


def _edit_source(case: Case, process: Process, socket: Socket, family: Family) -> Call:
    params = (
        ("pid", str(process.pid)),
        ("port", str(socket.port)),
        ("family", str(int(family))),
        ("answers", answerer(case) or ""),
    )
    return Call("edit", params, seconds=2.0)


def listen_fixes(case: Case, socket: Socket, family: Family) -> tuple[Fix, ...]:
    """Say how this server is told to listen on all addresses of a family."""

    def advise(server: Server, process: Process) -> RestartAdvice:
        edit = case.parse(_edit_source(case, process, socket, family), parse_edit)
        known = None if isinstance(edit, Unknown) else edit
        return restart_command(
            server, process, family, port=socket.port, unit=_unit_of(socket), edit=known, os=case.facts.os
        )

    return _fixes(case, socket, advise, _unknown_listen(family))


def http_fixes(case: Case, socket: Socket) -> tuple[Fix, ...]:
    """Say how a uWSGI that speaks its own protocol is told to speak HTTP."""
    found = server_of(case, socket)
    if found is None or found[0].key != "uwsgi":
        return ()
    return (_fix(found[0], http_command(found[0], socket.port)),)


def host_fixes(case: Case, socket: Socket | None, host: str) -> tuple[Fix, ...]:
    """Say where this server keeps the list of names that it answers to."""
    found = None if socket is None else server_of(case, socket)
    name = host.rpartition(":")[0] or host
    known = found[0].kind.host_check if found is not None else ""
    step = known.replace("{host}", name) if known else _ANY_HOST_CHECK.replace("{host}", name)
    return (
        Fix(f"Let the server answer to {name}", needs="user-action", steps=(step, "Then start it anew.")),
    )


_ANY_HOST_CHECK = (
    "Add {host} to the names that the application answers to (Django ALLOWED_HOSTS, Flask SERVER_NAME or "
    "TRUSTED_HOSTS, Vite server.allowedHosts, webpack allowedHosts, Rails config.hosts)."
)


def _fixes(
    case: Case, socket: Socket, advise: Callable[[Server, Process], RestartAdvice], otherwise: Fix
) -> tuple[Fix, ...]:
    found = server_of(case, socket)
    if found is None:
        return (otherwise,)
    return (_fix(found[0], advise(*found)),)


def _fix(server: Server, advice: RestartAdvice) -> Fix:
    return Fix(
        title=advice.title,
        commands=advice.commands,
        needs=advice.needs,
        risk=server.production_advice or None,
        steps=advice.steps,
        edit=advice.edit,
        cwd=advice.cwd if advice.commands else None,
        stop_pid=advice.stop_pid,
        stop_signal=None if advice.stop_signal == "TERM" else advice.stop_signal,
    )


def _unknown_listen(family: Family) -> Fix:
    wildcard = "::" if family is Family.IPV6 else "0.0.0.0"
    step = f"In the server's settings or command, set the address it listens on (host, bind) to {wildcard}."
    return Fix(
        "Let the server listen on all addresses", needs="user-action", steps=(step, "Then start it anew.")
    )


def _unit_of(socket: Socket) -> str | None:
    """Name the systemd service that holds a socket, by its cgroup; None for what a person started."""
    cgroup = socket.cgroup or ""
    if not cgroup.startswith("/system.slice/"):
        return None
    found = _UNIT.search(cgroup)
    return found[1] if found else None
