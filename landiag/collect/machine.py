"""The machine, its clock, its processes and its network namespaces: parsers of what ``live.py`` answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct, ValidationError, convert

from landiag.model.addresses import network_or_none
from landiag.model.facts import Call, IPNetwork, ParseError
from landiag.model.process import Process
from landiag.model.report import Edit, HostInfo
from landiag.model.strict import load_json

MACHINE = Call("machine")
NAMESPACES = Call("namespaces")


class Machine(Struct, frozen=True):
    """The machine and who asks. ``landiag`` is the command that runs this very landiag again.

    ``utc_offset`` is by how many seconds its zone is ahead of UTC; None where an older recording does not tell.
    """

    os: str
    info: HostInfo
    now: float
    user_id: int | None
    namespace: str | None
    landiag: str
    called: str = "landiag"
    utc_offset: int | None = None


class NamespaceEntry(Struct, frozen=True):
    """Another network namespace and one process in it."""

    name: str
    pid: int
    title: str


def process_source(pids: tuple[int, ...]) -> Call:
    """Name the source that describes these processes and their parents."""
    return Call("processes", (("pids", ",".join(map(str, sorted(pids)))),))


def parse_edit(text: str) -> Edit | None:
    """Parse what ``live.edit`` answered: the change to a file, or None where no line was found."""
    item = _load(text)
    try:
        return None if item is None else Edit(item["file"], item["line"], item["find"], item["replace"])
    except (KeyError, TypeError) as error:
        raise ParseError(f"not a change to a file: {type(error).__name__} {error}") from error


class Named(Struct, frozen=True):
    """The networks that a server's files name; ``is_list``: they are those that it lets in, all of them."""

    networks: tuple[IPNetwork, ...]
    is_list: bool


def parse_named_networks(text: str) -> Named:
    """Parse what ``calls.named_networks`` answered: ``null`` where the server is not known. A name is no address."""
    item = _load(text)
    try:
        found = tuple(network_or_none(one) for one in item["networks"])
        networks = tuple(one for one in found if one is not None)
        return Named(networks, is_list=item["is_list"] is True and len(networks) == len(found))
    except (KeyError, TypeError) as error:
        raise ParseError(f"not networks: {type(error).__name__} {error}") from error


def parse_own_debugger(text: str) -> bool:
    """Parse what ``live.own_debugger`` answered: whether the application brings a debugger of its own."""
    item = _load(text)
    found = item.get("found") if isinstance(item, dict) else None
    if not isinstance(found, bool):
        raise ParseError("its sources could not be looked through")
    return found


def parse_machine(text: str) -> Machine:
    """Parse what ``live.machine`` answered."""
    item = _load(text)
    try:
        return Machine(
            os=system_name(str(item["platform"])),
            info=HostInfo(
                os=str(item["platform"]),
                os_version=str(item["os"]),
                kernel=str(item["kernel"]),
                hostname=str(item["hostname"]),
                privileged=bool(item["privileged"]),
                environment=str(item["environment"]),
                root_shell=item.get("root_shell") is True,
            ),
            now=_seconds(item["now"]),
            user_id=item.get("user_id"),
            namespace=item.get("namespace"),
            landiag=str(item.get("landiag") or "landiag"),
            called=str(item.get("called") or "landiag"),
            utc_offset=_offset(item.get("utc_offset")),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ParseError(f"not a description of a machine: {type(error).__name__} {error}") from error


def _seconds(value: object) -> float:
    """Seconds since the epoch that a calendar has."""
    found = float(str(value))
    if not 0 <= found < 1 << 36:
        raise ValueError(f"the time {found}")
    return found


def _offset(value: object) -> int | None:
    """Seconds that a zone may be ahead of UTC."""
    if value is None:
        return None
    if not isinstance(value, int) or abs(value) > _MOST_AHEAD:
        raise ValueError(f"the zone {value}")
    return value


_MOST_AHEAD = 26 * 3600


def system_name(platform: str) -> str:
    """The name that landiag gives to an operating system, by ``sys.platform`` (``freebsd14``, ``openbsd7``...)."""
    known = {"win32": "windows", "cygwin": "windows", "darwin": "macos"}
    return known.get(platform, platform.rstrip("0123456789"))


def parse_processes(text: str) -> Mapping[int, Process]:
    """Parse what ``live.processes`` answered, by process id."""
    try:
        found = map(_parse_process, _load(text))
        return {one.pid: one for one in found}
    except (AttributeError, TypeError, ValueError, ValidationError) as error:
        raise ParseError(f"not a list of processes: {type(error).__name__} {error}") from error


_TOLD = tuple(name for name in Process.__struct_fields__ if name != "services")
"""Services are told by another source."""


def _parse_process(item: Mapping[str, Any]) -> Process:
    """One process, each field of its kind. Raises ValidationError."""
    return convert({name: item[name] for name in _TOLD if item.get(name) is not None}, Process)


def parse_namespaces(text: str) -> tuple[NamespaceEntry, ...]:
    """Parse what ``live.namespaces`` answered: the other network namespaces that this user may see."""
    try:
        return tuple(
            NamespaceEntry(str(item["name"]), int(item["pid"]), str(item["title"]))
            for item in _load(text)["namespaces"]
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ParseError(f"not a list of namespaces: {type(error).__name__} {error}") from error


def _load(text: str) -> Any:
    try:
        return load_json(text)
    except (ValueError, RecursionError) as error:
        raise ParseError("not JSON") from error
