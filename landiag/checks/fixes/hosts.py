"""Fixes that add a name to those that a server answers to: in its settings where their line is seen, else by hand."""

from __future__ import annotations

from msgspec.structs import replace

from landiag.checks.application.exchange import answerer, host_header
from landiag.checks.case import Case
from landiag.checks.fixes.fix import restart_fix
from landiag.checks.fixes.restart import (
    after_step,
    filled,
    found_server,
    is_inside,
    server_of,
    without_port,
)
from landiag.collect.groups import service_of
from landiag.collect.machine import parse_edit
from landiag.model.facts import Call, Socket, Unknown
from landiag.model.process import Process
from landiag.model.report import Edit, Fix
from landiag.servers.restart import anew

_ANY_HOST_CHECK = (
    "Add {host} to the names that the application answers to (Django ALLOWED_HOSTS, Flask SERVER_NAME or "
    "TRUSTED_HOSTS, Vite server.allowedHosts, webpack allowedHosts, Rails config.hosts)."
)


def plan(case: Case) -> tuple[Call, ...]:
    """Look for the line with the names, where a server keeps them in a file that is known."""
    if case.way is None or isinstance(case.facts.sockets, Unknown) or case.facts.os != "linux":
        return ()
    name = without_port(host_header(case, case.way))
    mine = [socket for socket in case.facts.sockets if socket.port == case.port]
    found = [(socket, one) for socket in mine if (one := server_of(case, socket)) is not None]
    return tuple(
        _source(case, process, socket, name) for socket, (server, process) in found if server.kind.host_list
    )


def host_fixes(case: Case, socket: Socket | None, host: str) -> tuple[Fix, ...]:
    """Say where this server keeps the list of names that it answers to; written there where the line is seen."""
    found, name = found_server(case, socket), without_port(host)
    step = (found[0].kind.host_check if found else "") or _ANY_HOST_CHECK
    title = f"Let the server answer to {name}"
    by_hand = after_step(case, socket, title, filled(case, step, name))
    edit = None if found is None or socket is None else _edit(case, found[1], socket, name)
    if found is None or socket is None or edit is None or is_inside(socket):
        return (by_hand,)
    advice = replace(anew(found[0], title, (), service_of(socket.cgroup), case.facts.os), edit=edit)
    verified = True if advice.run is not None and advice.run.detached and not advice.steps else None
    return (replace(restart_fix(case, advice, "", verified=verified), opens=()),)


def _edit(case: Case, process: Process, socket: Socket, name: str) -> Edit | None:
    found = case.parse(_source(case, process, socket, name), parse_edit)
    return None if isinstance(found, Unknown) else found


def _source(case: Case, process: Process, socket: Socket, name: str) -> Call:
    params = (
        ("pid", str(process.pid)),
        ("port", str(socket.port)),
        ("answers", answerer(case) or ""),
        ("name", name),
    )
    return Call("edit", params, seconds=2.0)
