"""Fixes that change how a server is started: its own command, in its own folder, with one thing changed."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_address, ip_network

from msgspec.structs import replace

from landiag.checks.application.debugger_asked import debugger_answers, may_debug
from landiag.checks.application.exchange import answerer, attempt_of
from landiag.checks.case import Case
from landiag.checks.fixes.engines import engine_of
from landiag.checks.fixes.fix import restart_fix
from landiag.collect.groups import service_of
from landiag.collect.machine import parse_edit, parse_own_debugger
from landiag.journey.binding import bind_among
from landiag.model.facts import Call, Family, Socket, Unknown
from landiag.model.process import Process
from landiag.model.report import AddressSpan, Fix, Opened
from landiag.model.urls import bracketed
from landiag.servers.advice import RestartAdvice
from landiag.servers.debugger import EXPLAINED
from landiag.servers.recognise import Server, recognise, unknown_program
from landiag.servers.restart import anew, http_command, is_published, restart_command, with_options
from landiag.servers.told import address_in_command, told


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
    """Look for the line where a server is told to listen on loopback, where that stands in a file.

    Where a debugger may answer, look whether the application brings one of its own, too.
    """
    if case.way is None:
        return ()
    wanted, attempt = [], attempt_of(case)
    for socket in case.listeners:
        found = server_of(case, socket)
        if found is None:
            continue
        is_written = found[0].kind.how in ("source", "config") or found[0].script is not None
        if is_written and socket.address.is_loopback:
            wanted.append(_edit_source(case, found[1], socket, case.way.family))
        if found[0].ends_debugger and attempt is not None and may_debug(attempt):
            wanted.append(_own_debugger_source(found[1]))
    return tuple(wanted)


def _own_debugger_source(process: Process) -> Call:
    return Call("own-debugger", (("pid", str(process.pid)),), seconds=2.0)


def _edit_source(case: Case, process: Process, socket: Socket, family: Family) -> Call:
    params = (
        ("pid", str(process.pid)),
        ("port", str(socket.port)),
        ("family", str(int(family))),
        ("answers", answerer(case) or ""),
    )
    return Call("edit", params, seconds=2.0)


def listen_fixes(case: Case, socket: Socket, family: Family) -> tuple[Fix, ...]:
    """Say how this server is told to listen on all addresses of a family; nothing where nobody asks for fixes."""
    if not case.wants_fixes:
        return ()

    def advise(server: Server, process: Process) -> RestartAdvice:
        edit = case.parse(_edit_source(case, process, socket, family), parse_edit)
        known = None if isinstance(edit, Unknown) else edit
        return restart_command(
            server,
            process,
            family,
            port=socket.port,
            unit=service_of(socket.cgroup),
            edit=known,
            os=case.facts.os,
        )

    return _fixes(case, socket, advise, family)


def http_fixes(case: Case, socket: Socket) -> tuple[Fix, ...]:
    """Say how a uWSGI that speaks its own protocol is told to speak HTTP."""
    found = server_of(case, socket)
    if found is None or found[0].key != "uwsgi":
        return ()
    advice = http_command(found[0], socket.port)
    return (restart_fix(case, advice, found[0].production_advice, verified=None),)


def origin_fixes(case: Case, socket: Socket | None, host: str) -> tuple[Fix, ...]:
    """Say where this server keeps the list of origins whose pages it serves."""
    found, name = found_server(case, socket), without_port(host)
    kind = found[0].kind if found else None
    own = kind.origin_check if kind else ""
    step = filled(case, own or f"Add http://{host} to the origins that the application accepts.", name)
    more = tuple(filled(case, word, name) for word in (kind.origin_options if kind else ()))
    return (after_step(case, socket, f"Let the server accept pages of {host}", step, more),)


def untie_fixes(case: Case, socket: Socket) -> tuple[Fix, ...]:
    """Say where a socket gets its tie to one interface from: no address that it listens on changes that."""
    step = (
        f"Take out what ties it to {socket.device}: SO_BINDTODEVICE in a program, an option such as interface= "
        "in settings, or ip vrf exec before the command."
    )
    return (after_step(case, socket, f"Untie the server from {socket.device}", step),)


def filled(case: Case, text: str, name: str) -> str:
    """A sentence of servers.toml with the host and the port in it."""
    return text.replace("{host}", name).replace("{port}", str(case.port))


def without_port(host: str) -> str:
    """The name of a Host header; an address of IPv6 keeps its brackets."""
    name, _, port = host.rpartition(":")
    return name if port.isdigit() else host


def found_server(case: Case, socket: Socket | None) -> tuple[Server, Process] | None:
    """The server of a socket, where there is a socket."""
    return None if socket is None else server_of(case, socket)


def after_step(case: Case, socket: Socket | None, title: str, step: str, more: tuple[str, ...] = ()) -> Fix:
    """The fix that changes by hand what a server reads, and starts it as it was, with ``more`` options."""
    found = found_server(case, socket)
    if socket is None or found is None or is_inside(socket) or is_published(found[0]):
        again = "Then create the container anew." if socket and is_inside(socket) else "Then start it anew."
        return Fix(title, needs="user-action", steps=(step, again))
    advice = anew(with_options(found[0], more), title, (step,), service_of(socket.cgroup), case.facts.os)
    return replace(restart_fix(case, advice, "", verified=None), actions=(), lasts=None)


def _fixes(
    case: Case, socket: Socket, advise: Callable[[Server, Process], RestartAdvice], family: Family
) -> tuple[Fix, ...]:
    found = server_of(case, socket) or _named_by_command(case, socket)
    if found is None:
        return (_unknown_listen(case, socket, family),)
    advice = advise(*found)
    if is_inside(socket):
        advice = _inside(advice, found[0], socket, family)
    elif debugger_answers(case) and not _is_switched_off(case, socket, found[0], advice):
        advice = _by_hand(advice)
    advice = _after_the_others(case, advice, socket, family)
    verified = True if advice.complete and not advice.debugs and _serves(case, socket, family) else None
    fix = restart_fix(case, advice, found[0].production_advice, verified=verified)
    return (fix if verified is None else replace(fix, opens=(_port_of(socket, family),)),)


def _port_of(socket: Socket, family: Family) -> Opened:
    """What a server on all addresses of a family lets in: everybody, to its port."""
    every = ip_network("::/0" if family is Family.IPV6 else "0.0.0.0/0")
    anybody = AddressSpan(str(every[0]), str(every[-1]))
    return Opened("tcp", family.value, ((socket.port, socket.port),), (anybody,))


def _after_the_others(case: Case, advice: RestartAdvice, socket: Socket, family: Family) -> RestartAdvice:
    """Advice that says who has an address of the port already: nobody else can then listen on all of them."""
    mine = {owner.pid for owner in case.owners(socket)}
    known = () if isinstance(case.facts.sockets, Unknown) else case.facts.sockets
    for one in known:
        owners = {owner.pid for owner in case.owners(one)}
        is_beside = (one.port, one.namespace, one.device) == (socket.port, socket.namespace, socket.device)
        if is_beside and one.address.version == family and one.address != socket.address and owners - mine:
            pid = min(owners - mine)
            step = f"End process {pid} first, which has {bracketed(one.address)}:{one.port}, or give it another port."
            return replace(advice, steps=(step, *advice.steps), complete=False)
    return advice


def _is_switched_off(case: Case, socket: Socket, server: Server, advice: RestartAdvice) -> bool:
    """Whether what has the debugger on is seen, and the advice switches it off.

    That is an option, a variable, a call in its source, or debug mode's reloader. Where none is seen, and where its
    sources name one, the debugger may be in the application itself (``DebuggedApplication``), which no option takes
    out: behind the server's own it does not show.
    """
    if not server.ends_debugger or not _brings_none(case, socket):
        return False
    is_seen = server.kind.plain_words or server.debugs or advice.edit is not None
    return bool(is_seen) or any("WERKZEUG_RUN_MAIN" in owner.environment for owner in case.owners(socket))


def _brings_none(case: Case, socket: Socket) -> bool:
    found = server_of(case, socket)
    return found is not None and case.parse(_own_debugger_source(found[1]), parse_own_debugger) is False


def _named_by_command(case: Case, socket: Socket) -> tuple[Server, Process] | None:
    """A program that is not known, whose command line names the address that it listens on."""
    known = ((unknown_program(process), process) for process in case.owners(socket))
    return next(
        (
            (server, process)
            for server, process in known
            if server is not None and address_in_command(server, "0.0.0.0", socket.port) is not None
        ),
        None,
    )


def is_inside(socket: Socket) -> bool:
    """Whether a container holds the socket: its command is nothing to run on this machine."""
    return socket.namespace is not None or engine_of(socket) is not None


def _inside(advice: RestartAdvice, server: Server, socket: Socket, family: Family) -> RestartAdvice:
    host = "::" if family is Family.IPV6 else "0.0.0.0"
    step = f"Inside the container (its image or compose file), {told(server, host, socket.port)}."
    steps = (step, "Then create the container anew.")
    return replace(
        advice, run=None, edit=None, stop_pid=None, complete=False, needs="user-action", steps=steps
    )


def _by_hand(advice: RestartAdvice) -> RestartAdvice:
    """Advice for a server whose debugger answers, and that nothing on its command line switches off."""
    step = f"Its debugger answers. Take it out of the program or its settings, and run landiag again: {EXPLAINED}."
    return replace(
        advice, run=None, edit=None, stop_pid=None, complete=False, needs="user-action", steps=(step,)
    )


def _serves(case: Case, socket: Socket, family: Family) -> bool:
    """Whether clients of the way in reach the socket once it listens on all addresses of a family."""
    way, known = case.way, case.facts.sockets
    if way is None or way.family is not family or isinstance(known, Unknown) or socket.namespace is not None:
        return False
    wide = replace(socket, address=ip_address("::" if family is Family.IPV6 else "0.0.0.0"))
    others = tuple(one for one in known if one is not socket)
    return wide in bind_among((*others, wide), way.ip, socket.port, way.interface).serving


def _unknown_listen(case: Case, socket: Socket, family: Family) -> Fix:
    inside = is_inside(socket)
    wildcard = "::" if family is Family.IPV6 else "0.0.0.0"
    where = "the container's image or compose file" if inside else "the server's settings or command"
    step = f"In {where}, set the address that the server listens on (host, bind) to {wildcard}."
    again = "Then create the container anew." if inside else "Then start it anew."
    who: tuple[str, ...] = ()
    if case.facts.os == "linux" and not case.owners(socket) and not case.machine.info.privileged:
        who = (f"sudo {case.machine.landiag} {case.asks_again} shows which program it is.",)
    return Fix("Let the server listen on all addresses", needs="user-action", steps=(*who, step, again))
