"""The servers that a person probably means: those that run from a folder, or that are the person's own."""

from __future__ import annotations

import os.path
from collections.abc import Mapping

from msgspec import Struct

from landiag.gather import gather
from landiag.host import Recorder
from landiag.model.facts import Socket, Unknown
from landiag.model.process import Process
from landiag.model.regex import regex
from landiag.servers.recognise import Server, recognise

_NUMBER = regex(r"\d+")


class OwnServer(Struct, frozen=True):
    """A server that listens. ``is_here``: it runs from the folder; ``is_development``: it is made for developers.

    ``command`` is its command line: one that names a port listens there for others, elsewhere for itself.
    """

    port: int
    pid: int
    title: str
    is_here: bool
    is_development: bool
    command: tuple[str, ...] = ()

    @property
    def is_named(self) -> bool:
        """Whether the command line names the port."""
        return str(self.port) in _NUMBER.findall(" ".join(self.command))


def find_own_servers(
    recorder: Recorder, deadline: float, folder: str, user_id: int | None
) -> tuple[OwnServer, ...] | Unknown:
    """Find the web servers that run from ``folder``, by its files or its virtual environment, or as ``user_id``.

    An empty ``folder`` and a ``user_id`` of None stand for none.
    """
    _, facts = gather(recorder, deadline)
    if isinstance(facts.sockets, Unknown):
        return facts.sockets
    if isinstance(facts.processes, Unknown):
        return facts.processes
    found: dict[int, OwnServer] = {}
    for socket in facts.sockets:
        own = _own_server(facts.processes, socket, folder, user_id)
        if own is not None:
            found.setdefault(own.port, own)
    return tuple(found[port] for port in sorted(found))


_OF_SYSTEMS = range(1024)
_OF_WEB_SERVERS = frozenset((80, 443))


def ports_of_others(recorder: Recorder, deadline: float) -> tuple[int, ...]:
    """The ports that something listens on: all but those below 1024, which belong to systems and web servers.

    What it is only root may see: a container's proxy is root's, and other users' servers are theirs.
    """
    _, facts = gather(recorder, deadline)
    if isinstance(facts.sockets, Unknown):
        return ()
    ports = {socket.port for socket in facts.sockets if socket.namespace is None}
    return tuple(sorted(port for port in ports if port not in _OF_SYSTEMS or port in _OF_WEB_SERVERS))


def likely(servers: tuple[OwnServer, ...]) -> tuple[OwnServer, ...]:
    """Those that the person most likely means: of this folder, else for developers, else all.

    A command that was told one port may open others, by which its own processes speak with each other (uWSGI).
    """
    named = {one.command for one in servers if one.is_named}
    outer = tuple(one for one in servers if one.is_named or one.command not in named)
    here = tuple(one for one in outer if one.is_here)
    development = tuple(one for one in outer if one.is_development)
    return here or development or outer


def _own_server(
    processes: Mapping[int, Process], socket: Socket, folder: str, user_id: int | None
) -> OwnServer | None:
    if socket.namespace is not None:
        return None
    for pid in socket.pids:
        process = processes.get(pid)
        server = None if process is None else recognise(process, processes)
        if process is None or server is None or not _is_web_server(server, socket.port):
            continue
        is_here = _is_from(process, folder) or _is_from(server.process, folder)
        if is_here or (user_id is not None and process.uid == user_id):
            return OwnServer(
                socket.port,
                server.process.pid,
                server.title,
                is_here,
                server.development_server,
                server.process.argv,
            )
    return None


def _is_web_server(server: Server, port: int) -> bool:
    return not server.kind.forwarder and server.speaks(port) in ("http", "https")


def _is_from(process: Process, folder: str) -> bool:
    """Whether a process runs in a folder or below it, or a program of that folder (its virtual environment)."""
    if not folder:
        return False
    places = [process.cwd, process.exe, *process.argv[:2]]
    paths = [place for place in places if place is not None and os.path.isabs(place)]
    return any(path == folder or path.startswith(f"{folder.rstrip('/')}/") for path in paths)
