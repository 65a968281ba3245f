"""In words, what makes a server listen on an address and no debugger with it: for what no command does. Pure."""

from __future__ import annotations

from typing import TypeGuard

from msgspec.structs import replace

from landiag.model.numbers import parse_port
from landiag.model.regex import regex
from landiag.model.report import Edit
from landiag.model.urls import bracketed
from landiag.servers.arguments import bind_value
from landiag.servers.carried import carried_to
from landiag.servers.debugger import EXPLAINED, told_without
from landiag.servers.invocation import Invocation
from landiag.servers.kinds import ServerKind, kind_named
from landiag.servers.named_address import Named, named_address
from landiag.servers.recognise import WATCHERS, Server
from landiag.servers.source_edit import configuration_files


def told(server: Server, host: str, port: int | None) -> str:
    """In words, what makes the server listen on this address, and no debugger with it."""
    return _told_address(server, host, port) + told_without(server.kind)


def _told_address(server: Server, host: str, port: int | None) -> str:
    kind = server.kind
    if kind.how == "environment":
        return f"set {kind.variable}={form(server, host, port)}"
    if kind.how == "bind":
        return f"use {kind.options[0]} {form(server, host, port)} in place of any other {kind.options[0]}"
    if kind.how == "positional":
        return f"write {bind_value(host, port or kind.port or 8000)} after {kind.words[0]}"
    if kind.how == "option":
        return f"use {kind.options[0]} {host} in place of any other {kind.options[0]}"
    if kind.how == "forward":
        return f"write {host}: before the port of its -L"
    named = address_in_command(server, host, port)
    return f"let it listen on {host}" if named is None else f"write {named.after} in place of {named.before}"


def address_in_command(server: Server, host: str, port: int | None) -> Named | None:
    """Where the command line names the address itself, and nothing that is known of the server says more.

    Werkzeug's debugger stands in the program, and a command that is as it was leaves it on.
    """
    kind, called = server.kind, server.invocation
    if kind.how not in _BY_FILE_OR_COMMAND or kind.library == "werkzeug" or kind.forwarder or called is None:
        return None
    return named_address(called.arguments, host, port)


_BY_FILE_OR_COMMAND = ("source", "config", "named")


def file_steps(server: Server, host: str, edit: Edit | None) -> tuple[str, ...]:
    """What to write into the file where the address stands; nothing when the edit says it."""
    if edit is not None:
        return ()
    called, kind = server.invocation, server.kind
    if kind.how != "source":
        files = " or ".join(configuration_files(server))
        return (f"In {server.title}'s configuration ({files}) let it listen on {kind.wide or host}.",)
    if is_installed(called):
        return (_by_its_help(called.program, host),)
    named = called.script if called and called.script and called.script.isprintable() else ""
    where = named or "the program's source"
    if called and called.runtime == "python":
        name = kind.keywords[0] if kind.keywords else "host"
        step = f'In {where}, in the call that starts the server, write {name}="{host}"'
        return (f"{step}{_no_debugger(kind)}.",)
    instead = f"take 127.0.0.1 or localhost away or write {host} there"
    return (f"In {where}, where the server is started, {instead}.",)


def is_installed(called: Invocation | None) -> TypeGuard[Invocation]:
    """Whether a package brought the program, so that its source is not the user's to change."""
    return (
        called is not None
        and bool(called.runtime)
        and called.script is None
        and called.program not in ("-c", called.runtime, *WATCHERS)
        and called.program.isprintable()
    )


def _by_its_help(program: str, host: str) -> str:
    return (
        f"Look for the option or the setting of {program} that names its address (--host, --bind, --listen and the "
        f"like; {program} --help lists them), and start it with that and {host}."
    )


def debugger_step(script: str | None) -> str:
    """What to look for in a program of the user's own before other devices reach it."""
    where = script if script and script.isprintable() else "the program's source"
    return f"Where {where} says debug=True, write debug=False: {EXPLAINED}."


def _no_debugger(kind: ServerKind) -> str:
    if kind.library == "werkzeug":
        return f", use_debugger=False ({EXPLAINED})"
    return f"; where it says debug=True, write debug=False ({EXPLAINED})" if "run" in kind.calls else ""


def form(server: Server, host: str, port: int | None) -> str:
    """The address and port as this server's option or variable takes them."""
    number = port or configured_port(server) or server.kind.port
    form = server.kind.form or ("{host}" if server.kind.how == "environment" else "{host}:{port}")
    return form.format(host=bracketed(host), port=number)


def configured_port(server: Server) -> int | None:
    """The port that its environment names; None without one."""
    return parse_port(server.process.environment.get("PORT", ""))


def kind_for(server: Server, port: int | None, os: str) -> ServerKind:
    """The kind with the port in its steps; where it keeps its files is known of Linux only."""
    if is_debugger(server, port):
        server = replace(server, kind=kind_named("debugger"))
    kind = replace(server.kind, steps=_steps_for(server, port))
    if os == "linux":
        return kind
    names = tuple(dict.fromkeys(_ETC.sub("", name) for name in kind.files if not name.endswith("/default")))
    steps = tuple(_ETC.sub("", step) for step in kind.steps)
    return replace(kind, files=names, steps=steps)


def is_debugger(server: Server, port: int | None) -> bool:
    """Whether a port is that of a debugger which the program has beside its own: Node's, Java's, a browser's."""
    words = server.process.argv[1:]
    options = zip(words, (*words[1:], ""), strict=False)
    return any(str(port) in _debugger_ports(word, after) for word, after in options if _DEBUGGER.match(word))


def _debugger_ports(option: str, after: str) -> list[str]:
    """The ports that an option of a debugger names: in itself, or in the word after it; Node has one of its own."""
    own = ["9229"] if option.startswith("--inspect") else [after]
    return _PORTS.findall(option) or own


_DEBUGGER = regex(r"--inspect|--remote-debugging-port|-agentlib:jdwp=|-Xrunjdwp:|--debug(?:ger)?[-_]port")
_PORTS = regex(r"(?:=|:)(\d+)(?=$|,)")
_ETC = regex(r"/etc/(?:[^\s/]+/)*")


def _steps_for(server: Server, port: int | None) -> tuple[str, ...]:
    """The kind's steps with the port in them; ``{inner}`` is the container's, where the program says it."""
    outer = port or server.kind.port
    carried = None if outer is None else carried_to(server.process, outer)
    inner = "CONTAINER_PORT" if carried is None else str(carried.port)
    shown = str(outer or "PORT")
    return tuple(step.replace("{port}", shown).replace("{inner}", inner) for step in server.kind.steps)
