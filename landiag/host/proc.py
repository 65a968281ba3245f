"""What /proc tells of processes and network namespaces.

psutil is not asked on Linux: its import takes longer than all that it would say. The recorder for hosts without
landiag holds these functions, too, in the words of Python 3.6 (``record/older.py``).
"""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Callable, Collection, Iterable
from typing import Any

from landiag.redact.masking import mask_argv, mask_environment

_MOST_NAMESPACES = 64
_MOST_PROCESSES = 256
_MOST_TEXT = 1 << 20
_STATES = {
    "R": "running", "S": "sleeping", "D": "disk-sleep", "T": "stopped", "t": "tracing-stop", "Z": "zombie",
    "X": "dead", "x": "dead", "K": "wake-kill", "W": "waking", "I": "idle", "P": "parked",
}  # fmt: skip


def text_of(path: str, errors: str = "backslashreplace") -> str:
    """Read a file of the kernel; empty where there is none, or this user may not read it."""
    try:
        with open(path, encoding="utf-8", errors=errors, newline="") as file:
            return file.read(_MOST_TEXT)
    except OSError:
        return ""


def link_of(path: str) -> str | None:
    """Name what a link of the kernel leads to; None where there is none, or this user may not know."""
    try:
        found = os.readlink(path).split("\0")[0]
    except OSError:
        return None
    is_deleted = found.endswith(" (deleted)") and not os.path.lexists(found)
    return found[: -len(" (deleted)")] if is_deleted else found


def namespace_of(pid: str) -> str | None:
    """Number the network namespace of a process; None where this user may not know."""
    name = link_of(f"/proc/{pid}/ns/net")
    return None if name is None else name[len("net:[") : -1]


def list_namespaces() -> dict[str, Any]:
    """List the other network namespaces of this machine, each with one process that lives in it."""
    own = namespace_of("self")
    found: dict[str, dict[str, Any]] = {}
    hidden = 0
    for pid in _list_pids():
        name = namespace_of(str(pid))
        if name is None:
            hidden += 1
        elif name != own and name not in found and len(found) < _MOST_NAMESPACES:
            title = text_of(f"/proc/{pid}/comm").strip()
            found[name] = {"name": name, "pid": pid, "title": title, "hostname": _container_of(pid)}
    return {"own": own, "hidden": hidden, "namespaces": list(found.values())}


def _list_pids() -> list[int]:
    names = os.listdir("/proc") if os.path.isdir("/proc") else []
    return sorted(int(name) for name in names if name.isdigit())


def _container_of(pid: int) -> str:
    """Name the container by the last part of its cgroup (docker-0123456789ab.scope); empty without one."""
    return os.path.basename(text_of(f"/proc/{pid}/cgroup").strip().rpartition(":")[2])


def describe_processes(pids: Iterable[int], kept: Collection[str], seconds: float) -> list[dict[str, Any]]:
    """Describe processes and their parents, secrets masked; of their environment only the variables in ``kept``."""
    boot = re.search(r"^btime (\d+)", text_of("/proc/stat"), re.MULTILINE)
    booted = int(boot.group(1)) if boot else None
    return describe_with_parents(pids, lambda pid: _describe(pid, kept, booted), seconds)


def describe_with_parents(
    pids: Iterable[int], describe: Callable[[int], dict[str, Any] | None], seconds: float
) -> list[dict[str, Any]]:
    """Describe processes and their parents; ``describe`` gives None for one that is gone."""
    deadline = time.monotonic() + seconds
    described: dict[int, dict[str, Any]] = {}
    wanted = list(pids)
    while wanted and time.monotonic() < deadline:
        pid = wanted.pop()
        found = None if pid in described else describe(pid)
        if found is None:
            continue
        described[pid] = found
        parent = found["parent"]
        if parent and parent > 1 and len(described) < _MOST_PROCESSES:
            wanted.append(parent)
    return list(described.values())


def _describe(pid: int, kept: Collection[str], boot: int | None) -> dict[str, Any] | None:
    stat = text_of(f"/proc/{pid}/stat", "surrogateescape")
    if not stat:  # it ended between two readings
        return None
    name, fields = stat[stat.index("(") + 1 : stat.rindex(")")], stat[stat.rindex(")") + 2 :].split()
    argv = _argv_of(pid)
    is_cut = len(name) >= 15 and argv and os.path.basename(argv[0]).startswith(name)
    uid = _uid_of(pid)
    return {
        "pid": pid,
        "name": os.path.basename(argv[0]) if is_cut else name,
        "argv": list(mask_argv(tuple(argv))),
        "exe": link_of(f"/proc/{pid}/exe"),
        "user": None if uid is None else _user_of(uid),
        "uid": uid,
        "cwd": link_of(f"/proc/{pid}/cwd"),
        "started": None if boot is None else int(fields[19]) / os.sysconf("SC_CLK_TCK") + boot,
        "state": _STATES.get(fields[0], "?"),
        "parent": int(fields[1]),
        "environment": mask_environment(_environment_of(pid, kept)),
        "namespace": namespace_of(str(pid)),
    }


def _argv_of(pid: int) -> list[str]:
    """The words of its command line; a process that wrote its title over them may have put blanks between."""
    line = text_of(f"/proc/{pid}/cmdline", "surrogateescape")
    between = "\0" if line.endswith("\0") else " "
    argv = line.removesuffix(between).split(between) if line else []
    return argv[0].split(" ") if len(argv) == 1 else argv


def _uid_of(pid: int) -> int | None:
    """The real user id."""
    found = re.search(r"^Uid:\s+(\d+)", text_of(f"/proc/{pid}/status"), re.MULTILINE)
    return int(found.group(1)) if found else None


def _user_of(uid: int) -> str:
    assert sys.platform == "linux"
    import pwd

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _environment_of(pid: int, kept: Collection[str]) -> dict[str, str]:
    lines = text_of(f"/proc/{pid}/environ", "surrogateescape").partition("\0\0")[0].split("\0")
    pairs = [line.partition("=") for line in lines]
    found = {key: value for key, equals, value in pairs if equals and key in kept}
    return dict(sorted(found.items()))
