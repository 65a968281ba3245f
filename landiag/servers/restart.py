"""How a server is started again so that it listens on all addresses: its own command, with its own arguments.

Pure. What cannot be said as a command (a secret was masked, the arguments are not visible, the address
stands in the source) is said in steps.
"""

from __future__ import annotations

from msgspec.structs import replace

from landiag.model.actions import Run
from landiag.model.facts import Family
from landiag.model.process import Process, Service
from landiag.model.report import Edit
from landiag.servers.advice import RestartAdvice, known
from landiag.servers.invocation import Invocation
from landiag.servers.named_address import Named
from landiag.servers.recognise import Server
from landiag.servers.retyped import again, typed
from landiag.servers.rewrite import overruled, rewritten
from landiag.servers.told import (
    address_in_command,
    debugger_step,
    file_steps,
    form,
    is_installed,
    kind_for,
    told,
)


def restart_command(
    server: Server,
    process: Process,
    family: Family = Family.IPV4,
    *,
    port: int | None = None,
    unit: Service | None = None,
    edit: Edit | None = None,
    os: str = "linux",
) -> RestartAdvice:
    """What makes this server listen on all addresses of a family, in the user's own words.

    ``process`` is the owner of the socket, ``port`` its port. ``unit`` is systemd's service that it runs in, if
    it does. ``edit`` is what ``find_edit`` said of the files that ``edit_files`` names. ``os`` is the
    operating system as ``Machine.os`` names it.
    """
    server = replace(server, kind=kind_for(server, port, os))
    if server.kind.speaks == "debugger":
        advice = replace(_ending("Use the debugger through SSH", server), steps=server.kind.steps)
        return replace(advice, stop_pid=None, needs="user-action", stays=True)
    host = "::" if family is Family.IPV6 else "0.0.0.0"
    title = f"Start {known(server.name)} on all addresses"
    if is_published(server):
        title = "Publish the port on all addresses"
    advice = replace(_ending(title, server), cwd=server.process.cwd or process.cwd, edit=edit)
    if server.manager and not is_published(server):
        return _of_manager(advice, server, host, port, server.manager)
    if unit and not is_published(server):
        return _of_unit(advice, server, host, port, unit)
    named = address_in_command(server, host, port)
    if named is not None:
        return _of_named(advice, server, named)
    if server.kind.how == "steps":
        return replace(advice, steps=server.kind.steps, stop_pid=None, needs="user-action")
    by_file = server.kind.how in {"source", "config"}
    found = _of_file(advice, server, host, port, os) if by_file else _of_command(advice, server, host, port)
    return replace(
        found, complete=found.complete and not server.kind.steps, debugs=_may_debug(server, process, found)
    )


def anew(server: Server, title: str, steps: tuple[str, ...], unit: Service | None, os: str) -> RestartAdvice:
    """What starts this server again as it was, once ``steps`` have changed what it reads when it starts."""
    advice = _ending(title, server)
    advice = replace(advice, steps=(*steps, *advice.steps))
    if server.manager:
        who = "Windows" if server.manager == "services" else server.manager
        step = f"Then let {who}, which started it, start it anew."
        return replace(advice, steps=(*steps, step), stop_pid=None, needs="user-action")
    if unit:
        return _by_systemd(advice, unit)
    if server.kind.service and server.process.parent == 1:
        return _of_service(replace(advice, steps=steps), server.kind.service, os)
    return again(advice, server, server.script or server.invocation)


def with_options(server: Server, more: tuple[str, ...]) -> Server:
    """A server as it is when it was started with more options, where its command is one that takes them."""
    called = None if server.script else server.invocation
    if not more or called is None:
        return server
    return replace(server, invocation=replace(called, arguments=(*called.arguments, *more)))


def is_published(server: Server) -> bool:
    """Whether another program than the server holds the port: what decides is how that is told to publish it.

    Its unit is that of the engine, and a restart of it would stop everybody's containers for nothing.
    """
    return server.kind.forwarder and server.kind.how == "steps"


def _may_debug(server: Server, process: Process, advice: RestartAdvice) -> bool:
    """Whether its debugger may be reachable after this: where neither the command nor the edit switches it off."""
    if server.ends_debugger and (advice.run is not None or advice.edit is not None):
        return False
    reloads = "WERKZEUG_RUN_MAIN" in process.environment
    return server.debugs or reloads or (advice.edit is not None and bool(server.kind.debug_advice))


def _of_named(advice: RestartAdvice, server: Server, named: Named) -> RestartAdvice:
    """The same command with another address in it; a program of the user's own may still have a debugger."""
    called = server.invocation
    assert called is not None
    arguments = (*called.arguments[: named.index], named.after, *called.arguments[named.index + 1 :])
    is_own = called.script is not None and called.runtime == "python"
    steps = (*advice.steps, *((debugger_step(called.script),) if is_own else ()))
    advice = replace(advice, steps=steps, edit=None, complete=not is_own)
    return again(advice, server, replace(called, arguments=arguments))


def http_command(server: Server, port: int | None) -> RestartAdvice:
    """What makes a uWSGI that speaks its own protocol on this port speak HTTP there."""
    advice = _ending(f"Let {server.name} speak HTTP", server)
    called = server.invocation
    wanted = {"--socket", "-s", "--uwsgi-socket"}
    if called is None or not wanted & {word.split("=", 1)[0] for word in called.arguments}:
        step = (
            "Where uWSGI is told socket = ADDRESS:PORT, write http-socket = ADDRESS:PORT, and start it anew."
        )
        return replace(advice, steps=(step,), needs="user-action")
    arguments = list(called.arguments)
    for index, word in enumerate(arguments):
        name, sign, value = word.partition("=")
        shown = value or (arguments[index + 1] if index + 1 < len(arguments) else "")
        if name in wanted and (port is None or shown.rsplit(":", 1)[-1] == str(port)):
            arguments[index] = f"--http-socket{sign}{value}"
    return typed(advice, server, replace(called, arguments=tuple(arguments)))


def _ending(title: str, server: Server) -> RestartAdvice:
    pid, name = server.process.pid, server.kind.stop_signal
    plain = f"End it with Ctrl-C or kill -{name} {pid}: kill alone lets it start anew."
    steps = () if name == "TERM" else (plain,)
    return RestartAdvice(title, cwd=server.process.cwd, stop_pid=pid, stop_signal=name, steps=steps)


def _of_unit(
    advice: RestartAdvice, server: Server, host: str, port: int | None, unit: Service
) -> RestartAdvice:
    """systemd would start it again as it was: its unit or its configuration has to change."""
    if server.kind.how in {"source", "config"} and address_in_command(server, host, port) is None:
        steps = file_steps(server, host, advice.edit)
    else:
        steps = (f"In its unit ({unit.typed('edit --full')}): {told(server, host, port)}.",)
    return _by_systemd(replace(advice, steps=(*steps, *server.kind.steps)), unit)


def _by_systemd(advice: RestartAdvice, unit: Service) -> RestartAdvice:
    """What runs in a service is started anew by systemd; by a user's own only where that user types it."""
    if unit.is_users:
        step = f"Then, as the user whose service it is: {unit.typed('restart')}."
        return replace(advice, steps=(*advice.steps, step), stop_pid=None, needs="user-action")
    return replace(advice, run=Run(("systemctl", "restart", unit.name)), stop_pid=None, needs="root")


def _of_manager(
    advice: RestartAdvice, server: Server, host: str, port: int | None, manager: str
) -> RestartAdvice:
    """A process manager started it and would start it again as it was."""
    who = "Windows starts it as a service" if manager == "services" else f"{manager} starts it"
    steps: tuple[str, ...] = (f"{who}: change its command there, and {told(server, host, port)}.",)
    if server.kind.how in {"source", "config"} and address_in_command(server, host, port) is None:
        steps = (*file_steps(server, host, advice.edit), f"{who}: let that restart it.")
    return replace(advice, steps=steps, stop_pid=None, needs="user-action")


def _of_service(advice: RestartAdvice, unit: str, os: str) -> RestartAdvice:
    """The first process of the system started it: so that one has to start it anew."""
    if os in _SERVICES:
        step = f"Then start it anew: {_SERVICES[os]}."
        return replace(advice, steps=(*advice.steps, step), stop_pid=None, needs="user-action")
    return replace(advice, run=Run(("systemctl", "restart", unit)), stop_pid=None, needs="root")


_SERVICES = {
    "macos": "brew services restart NAME, where Homebrew runs it (brew services list shows the names)",
    "freebsd": "service NAME restart (service -e shows the names)",
    "openbsd": "rcctl restart NAME (rcctl ls started shows the names)",
}  # fmt: skip
"""How a service is started anew where there is no systemd."""


def _of_file(advice: RestartAdvice, server: Server, host: str, port: int | None, os: str) -> RestartAdvice:
    is_service = bool(server.kind.service) and server.process.parent == 1
    changed = None if is_service else overruled(server, host)
    if changed is not None and server.invocation is not None:
        advice = replace(advice, steps=(*advice.steps, *server.kind.steps), edit=None, complete=True)
        return again(advice, server, replace(server.invocation, arguments=changed))
    advice = replace(
        advice, steps=(*advice.steps, *file_steps(server, host, advice.edit), *server.kind.steps)
    )
    if is_service:
        return _of_service(advice, server.kind.service, os)
    is_command = server.script is None and _is_command(server.invocation)
    if (
        advice.edit is None
        and server.kind.instead
        and server.invocation
        and not (server.script or is_command)
    ):
        return _without_edit(advice, server, server.invocation, host, port)
    if is_command or (server.kind.runtimes and server.script is None and is_installed(server.invocation)):
        return replace(advice, stop_pid=None, needs="user-action")
    return again(_whole_with_edit(advice), server, server.script or _in_its_folder(server))


def _is_command(called: Invocation | None) -> bool:
    """Whether a package's own command started it: no module or file that a framework's starter could load."""
    return is_installed(called) and called.words[-2:-1] != ("-m",)


def _in_its_folder(server: Server) -> Invocation | None:
    """The command with the folder in which the server works by now, where it was told that by a relative path."""
    called, option, folder = server.invocation, server.kind.folder_option, server.process.cwd
    if called is None or folder is None or option not in called.arguments[:-1]:
        return called
    words = list(called.arguments)
    place = words.index(option) + 1
    words[place] = words[place] if words[place].startswith("/") else folder
    return replace(called, arguments=tuple(words))


def _whole_with_edit(advice: RestartAdvice) -> RestartAdvice:
    """The same command does it where the edit says what to change; else a person has to find that."""
    return replace(advice, complete=advice.edit is not None)


def _without_edit(
    advice: RestartAdvice, server: Server, called: Invocation, host: str, port: int | None
) -> RestartAdvice:
    """A command that does what the edit would: the framework's own starter, for the same program."""
    known = {
        "{host}": host,
        "{port}": str(port or server.kind.port),
        "{script}": called.script or called.program,
    }
    arguments = tuple(_filled(word, known) for word in server.kind.instead)
    interpreter = called.words[: -1 if called.script else -2]
    started = Invocation(interpreter, called.program, arguments, called.runtime)
    steps = tuple(f"Or, to go on starting it as you do: {step[0].lower()}{step[1:]}" for step in advice.steps)
    return typed(replace(advice, steps=steps, complete=True), server, started)


def _filled(word: str, known: dict[str, str]) -> str:
    for name, value in known.items():
        word = word.replace(name, value)
    return word


def _of_command(advice: RestartAdvice, server: Server, host: str, port: int | None) -> RestartAdvice:
    called, script = server.invocation, server.script
    advice = replace(advice, steps=(*advice.steps, *server.kind.steps))
    if server.kind.how == "environment":
        variables = {server.kind.variable: form(server, host, port)}
        return again(replace(advice, complete=True), server, script or called, variables)
    if script is not None:
        return _of_script(advice, server, script, host, port)
    if called is None:
        how = told(server, host, port)
        step = f"Its full command line is not visible. Start it again with your own command: {how}."
        return replace(advice, steps=(step, *advice.steps))
    changed = rewritten(server, called.arguments, host, port)
    if changed is None:
        advice = replace(advice, steps=(*file_steps(server, host, advice.edit), *advice.steps))
        return again(_whole_with_edit(advice), server, called)
    return again(replace(advice, complete=True), server, replace(called, arguments=changed))


def _of_script(
    advice: RestartAdvice, server: Server, script: Invocation, host: str, port: int | None
) -> RestartAdvice:
    """A package manager runs the server: its script's own arguments stand in package.json."""
    called = server.invocation
    own = called.arguments if called else ()
    names = {*server.kind.options, *server.kind.listen}
    in_file = [w for w in own if w.split("=", 1)[0] in names and w not in script.arguments]
    if in_file and advice.edit is None:
        step = f"In package.json, in the script that starts it: {told(server, host, port)}."
        return again(replace(advice, steps=(step, *advice.steps)), server, script)
    if in_file:
        return again(_whole_with_edit(advice), server, script)
    changed = rewritten(server, script.arguments, host, port, after="")
    return again(
        replace(advice, complete=changed is not None),
        server,
        replace(script, arguments=changed or script.arguments),
    )
