"""Which server a process is: by its command line, its title, its script, and by what it answers over HTTP.

The knowledge is ``knowledge/servers.toml``. Everything here is pure but for reading that file, once, when the
first server is looked for. How a server is told to listen elsewhere is in ``restart``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import PurePath, PureWindowsPath

from msgspec import Struct

from landiag.model.process import Process
from landiag.model.remember import remember
from landiag.servers.invocation import Invocation, invocation, package_script
from landiag.servers.kinds import DEVELOPMENT, ServerKind, program_kind, server_kinds

_BETTER = {
    "wsgi": "let gunicorn, uWSGI or waitress serve the application behind a proxy such as nginx or Caddy",
    "asgi": "let uvicorn or hypercorn serve the application behind a proxy such as nginx or Caddy",
    "files": "build the pages and let nginx or Caddy serve the files",
    "": "serve it as its documentation says for production, behind a proxy such as nginx or Caddy",
}
"""What to do instead of running a development server, by what it serves."""


def development_advice(serves: str) -> str:
    """What to mind about a development server that other devices may reach."""
    return (
        "The development server is meant for you alone; use it on networks you trust. For more than a test "
        f"{_BETTER[serves]}, and open the port to your own network only."
    )


_MOST_ANCESTORS = 8
_SPAWNED = "multiprocessing"
# Programs that start a server again when a file changes, and those that do so whenever it ends.
WATCHERS = {"nodemon", "tsx", "ts-node-dev", "node-dev"}
_MANAGERS = {
    "supervisord",
    "pm2",
    "runsv",
    "s6-supervise",
    "circusd",
    "forever",
    "honcho",
    "foreman",
    "overmind",
    "services",  # services.exe, which starts what Windows runs as a service
}


class Server(Struct, frozen=True):
    """A recognised server: what it is, and the process that has to end before it is started anew.

    ``process`` is the master or the reloader's parent, not the worker that holds the socket; not the package
    manager either, which would leave it running. ``invocation`` is the server's own command line, None when
    it cannot be seen; ``script`` the command of the package manager that started it (``npm run dev``).
    ``manager`` is the program that would start it again by itself, as it was (supervisord, pm2).
    """

    kind: ServerKind
    process: Process
    invocation: Invocation | None
    script: Invocation | None = None
    manager: str | None = None

    @property
    def key(self) -> str:
        """Its name in servers.toml."""
        return self.kind.key

    @property
    def title(self) -> str:
        """What a person calls it."""
        return self.kind.title

    @property
    def name(self) -> str:
        """What a person calls it in short: ``Flask``."""
        return DEVELOPMENT.sub("", self.title)

    @property
    def development_server(self) -> bool:
        """Whether it is made for its developer alone."""
        return self.kind.development

    @property
    def production_advice(self) -> str:
        """What to mind when other devices may reach it; empty when there is nothing special."""
        advice = self.kind.production or (
            development_advice(self.kind.serves) if self.kind.development else ""
        )
        return f"{self.kind.debug_advice} {advice}" if self.debugs else advice

    @property
    def ends_debugger(self) -> bool:
        """Whether its command or the edit of its source switches a debugger off that runs callers' code."""
        kind = self.kind
        return bool(kind.debugger_off or kind.plain_words) or kind.library == "werkzeug"

    @property
    def debugs(self) -> bool:
        """Whether it was visibly told to show its debugger."""
        arguments = self.invocation.arguments if self.invocation else ()
        set_to = [self.process.environment.get(name, "0") for name in self.kind.debug]
        return bool(set(self.kind.debug) & set(arguments)) or any(v not in {"0", "", "false"} for v in set_to)

    def speaks(self, port: int | None = None) -> str:
        """``http``, ``https``, ``uwsgi`` or the name of another protocol that this port is served in."""
        arguments = self.invocation.arguments if self.invocation else ()
        if self.kind.key == "uwsgi":
            return _uwsgi_protocol(arguments, port)
        if any(word.split("=", 1)[0] in self.kind.tls for word in arguments):
            return "https"
        return self.kind.speaks


def recognise(process: Process, processes: Mapping[int, Process], http: str | None = None) -> Server | None:
    """The server that this process is or works for; None when it is none that landiag knows.

    ``processes`` are all that could be seen, by pid: parents lead from a worker to its master. ``http``
    is what ``recognise_http`` said of its answers: it tells what a script runs that only says ``app.py``.
    """
    return _recognise(process, processes, http)


@remember
def _recognise(process: Process, processes: Mapping[int, Process], http: str | None) -> Server | None:
    line = list(_ancestry(process, processes))
    if process.environment.get("WERKZEUG_RUN_MAIN"):
        http = "werkzeug"
    for index, candidate in enumerate(line):
        kind = _kind_of(candidate, http if index == 0 else None)
        if kind and not (index and kind.forwarder):
            return _server(kind, line, index)
        if not _may_be_a_child(candidate):
            return None
    return None


def unknown_program(process: Process) -> Server | None:
    """A program of no kind that is known, whose command line can be seen."""
    called = invocation(process)
    if called is None or not called.complete or called.from_shell:
        return None
    return Server(program_kind(called.program), process, called)


def _server(kind: ServerKind, line: list[Process], index: int) -> Server:
    """Climb from the process that was recognised to the one that has to be started anew."""
    while index + 1 < len(line) and (parent := _same_server(kind, line[index], line[index + 1])):
        kind, index = parent, index + 1
    if kind.how == "source" and _program_of(line[index + 1 : index + 2]) in WATCHERS:
        index += 1
    own = line[index]
    called = invocation(own)
    for above in line[index + 1 : index + 4]:
        if above.user != own.user:  # what another user's process says is not this one's command
            break
        shell = invocation(above)
        if (
            shell
            and shell.from_shell
            and not (called and called.complete)
            and _kind_matches(kind, shell, own)
        ):
            called = shell
        if script := package_script(above):
            return Server(kind, own, called, script)
        if not (shell and shell.from_shell):
            break
    manager = _program_of(line[index + 1 : index + 2])
    known = called if called and called.complete else None
    return Server(kind, own, known, manager=manager if manager.lower() in _MANAGERS else None)


def _program_of(line: list[Process]) -> str:
    called = invocation(line[0]) if line else None
    if called is None and line:
        return line[0].name.removesuffix(".exe")
    return called.program if called else ""


def _ancestry(process: Process, processes: Mapping[int, Process]) -> Iterator[Process]:
    seen: set[int] = set()
    current: Process | None = process
    while current and current.pid not in seen and len(seen) < _MOST_ANCESTORS:
        seen.add(current.pid)
        yield current
        current = processes.get(current.parent) if current.parent is not None else None


def _may_be_a_child(process: Process) -> bool:
    """Whether a process that is no known server may be the worker of one."""
    called = invocation(process)
    return called is not None and (not called.complete or called.from_shell or called.program == _SPAWNED)


def _same_server(kind: ServerKind, own: Process, parent: Process) -> ServerKind | None:
    """What the parent is, when it is the master of the same server or the reloader that started it."""
    if kind.library or kind.runtimes:
        return kind if own.argv and _named_only(own.argv) == _named_only(parent.argv) else None
    called, found = invocation(parent), _kind_of(parent, None)
    if found is None or called is None or called.from_shell:
        return None
    return found if found.key == kind.key or set(found.programs) & set(kind.programs) else None


def _named_only(argv: tuple[str, ...]) -> tuple[str, ...]:
    """A command line without the folder of its program: a reloader starts its child by the whole path."""
    return (PurePath(argv[0]).name, *argv[1:]) if argv else ()


def _kind_of(process: Process, http: str | None) -> ServerKind | None:
    called = invocation(process)
    kinds = server_kinds()
    for kind in kinds:
        if called is None or not called.complete:
            title = " ".join(process.argv).strip() or process.name
            if any(re.search(pattern, title) for pattern in kind.titles):
                return kind
        if called and _kind_matches(kind, called, process) and not kind.runtimes:
            return kind
    if called is None or called.program == _SPAWNED or called.from_shell:
        return _by_executable(process)
    if called.runtime == "python" and http:
        for kind in kinds:
            if kind.library == http:
                return kind
    return next((kind for kind in kinds if called.runtime in kind.runtimes), None)


def _by_executable(process: Process) -> ServerKind | None:
    """A process whose command line cannot be seen is known by its name alone, where the name says enough."""
    if process.argv:
        return None
    name = process.name.removesuffix(".exe")
    return next((kind for kind in server_kinds() if name in kind.programs and not kind.words), None)


def _kind_matches(kind: ServerKind, called: Invocation, process: Process) -> bool:
    if called.program not in kind.programs:
        return False
    if kind.folders and not _folders_of(called, process) & set(kind.folders):
        return False
    return not kind.words or any(word.split("=", 1)[0] in kind.words for word in called.arguments)


def _folders_of(called: Invocation, process: Process) -> set[str]:
    """The names of the folder that a program runs in, and of the one that its script is in."""
    paths = (PureWindowsPath(process.cwd or ""), PureWindowsPath(called.script or "").parent)
    return {path.name for path in paths}


def _uwsgi_protocol(arguments: tuple[str, ...], port: int | None) -> str:
    """What uWSGI speaks on a port: ``--socket`` is its own binary protocol, ``--http-socket`` is HTTP."""
    spoken = {
        **dict.fromkeys(("http", "http-socket"), "http"),
        **dict.fromkeys(("https", "https-socket"), "https"),
        **dict.fromkeys(("socket", "s", "uwsgi-socket"), "uwsgi"),
        "fastcgi-socket": "fastcgi",
        "scgi-socket": "scgi",
    }
    found = []
    for index, word in enumerate(arguments):
        name, _, value = word.partition("=")
        value = value or (arguments[index + 1] if index + 1 < len(arguments) else "")
        protocol = spoken.get(name.lstrip("-")) if name.startswith("-") else None
        if protocol and (port is None or re.search(rf"(^|:){port}(,|$)", value)):
            found.append(protocol)
    if "--protocol=http" in arguments and found == ["uwsgi"]:
        return "http"
    return found[0] if found else "http"
