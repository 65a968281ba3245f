"""Python calls behind the door: what no command tells, as JSON (psutil for processes, /proc for namespaces).

Each is called by ``LiveHost`` with its parameters and the seconds that are left, and answers JSON bytes. The
parsers are in ``machine.py`` and ``processes.py``.
"""

from __future__ import annotations

import json
import os
import platform
import socket
import stat
import sys
import time
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec.structs import asdict

from landiag.collect.reader import VIRTUAL_VENDORS
from landiag.model.facts import Family

_MAX_NAMESPACES = 64
_MOST_TEXT = 1 << 20


def machine(_params: Mapping[str, str], _timeout: float) -> bytes:
    """Tell what machine this is, who asks, and what time it is."""
    uname = platform.uname()
    answer = {
        "now": time.time(),
        "utc_offset": time.localtime().tm_gmtoff,
        "platform": sys.platform,
        "os": _os_name(),
        "kernel": f"{uname.system} {uname.release}",
        "machine": uname.machine,
        "hostname": socket.gethostname(),
        "privileged": _is_privileged(),
        "user_id": os.getuid() if hasattr(os, "getuid") else None,
        "environment": _environment(uname.release),
        "namespace": _namespace_of("self"),
        "landiag": own_command(),
    }
    return json.dumps(answer).encode()


def _os_name() -> str:
    if sys.platform == "linux":
        try:
            return platform.freedesktop_os_release().get("PRETTY_NAME", "Linux")
        except OSError:
            return "Linux"
    if sys.platform == "darwin":
        return f"macOS {platform.mac_ver()[0]}"
    return f"{platform.system()} {platform.version()}"


def _is_privileged() -> bool:
    if sys.platform == "win32":
        import ctypes

        return bool(ctypes.windll.shell32.IsUserAnAdmin())
    return os.geteuid() == 0


def _environment(release: str) -> str:
    """Say what kind of machine this is: wsl1, wsl2, container, vm or bare."""
    if "microsoft" in release.lower():
        return "wsl2" if "wsl2" in release.lower() or "microsoft-standard" in release else "wsl1"
    if os.path.exists("/.dockerenv") or os.path.exists("/run/.containerenv"):
        return "container"
    vendor = _read_text("/sys/class/dmi/id/sys_vendor") + _read_text("/sys/class/dmi/id/product_name")
    return "vm" if any(word in vendor for word in VIRTUAL_VENDORS) else "bare"


def own_command() -> str:
    """Name the absolute path of this landiag: root's PATH seldom has it. A landiag.pyz need not be executable."""
    program = os.path.abspath(sys.argv[0]) if sys.argv and sys.argv[0] else ""
    if os.path.basename(program).startswith("landiag") and os.path.isfile(program):
        return program if os.access(program, os.X_OK) else f"{sys.executable} {program}"
    return f"{sys.executable} -m landiag"


def processes(params: Mapping[str, str], timeout: float) -> bytes:
    """Describe the processes ``pids`` (comma-separated) and their parents."""
    import psutil

    deadline = time.monotonic() + timeout
    wanted = [int(pid) for pid in params.get("pids", "").split(",") if pid]
    described: dict[int, dict[str, Any]] = {}
    while wanted and time.monotonic() < deadline:
        pid = wanted.pop()
        if pid in described or pid <= 0:
            continue
        try:
            described[pid] = _describe(psutil.Process(pid))
        except (psutil.NoSuchProcess, psutil.ZombieProcess):
            continue  # it ended between two readings
        parent = described[pid]["parent"]
        if parent and parent > 1 and len(described) < 256:
            wanted.append(parent)
    return json.dumps(list(described.values())).encode()


def edit(params: Mapping[str, str], timeout: float) -> bytes:
    """Find the line of a source or configuration file where the server ``pid`` is told its address.

    Only that line leaves this function: the rest of a person's source has no place in a recording. Answers
    ``null`` where no such line is found.
    """
    from landiag.collect.machine import parse_processes
    from landiag.servers.recognise import recognise
    from landiag.servers.source_edit import edit_files, find_edit

    known = parse_processes(processes({"pids": params["pid"]}, timeout).decode())
    process = known.get(int(params["pid"]))
    server = None if process is None else recognise(process, known, params.get("answers") or None)
    if server is None or process is None:
        return b"null"
    for path in edit_files(server):
        text = _read_text_for(path, process.uid, path in server.kind.files)
        found = find_edit(server, path, text, Family(int(params["family"])), int(params["port"]))
        if found is not None:
            return json.dumps(asdict(found)).encode()
    return b"null"


def _describe(process: Any) -> dict[str, Any]:
    from landiag.redact.masking import mask_argv, mask_environment
    from landiag.servers.kinds import kept_variables

    with process.oneshot():
        variables = _ask(process.environ) or {}
        return {
            "pid": process.pid,
            "name": _ask(process.name) or "",
            "argv": list(mask_argv(tuple(_ask(process.cmdline) or ()))),
            "exe": _ask(process.exe),
            "user": _ask(process.username),
            "uid": _uid_of(process),
            "cwd": _ask(process.cwd),
            "started": _ask(process.create_time),
            "state": _ask(process.status),
            "parent": _ask(process.ppid),
            "environment": mask_environment(
                {key: variables[key] for key in sorted(kept_variables() & variables.keys())}
            ),
            "namespace": _namespace_of(str(process.pid)),
        }


def _uid_of(process: Any) -> int | None:
    """The real user id; None where there is none (Windows), or nobody may know it."""
    found = _ask(process.uids) if hasattr(process, "uids") else None
    return None if found is None else int(found.real)


def _ask(question: Any) -> Any:
    """Ask psutil one thing; None where this user may not know."""
    import psutil

    try:
        return question()
    except psutil.NoSuchProcess:
        raise
    except (psutil.Error, OSError, KeyError):
        return None


def namespaces(_params: Mapping[str, str], _timeout: float) -> bytes:
    """List the other network namespaces of this machine, each with one process that lives in it."""
    own = _namespace_of("self")
    found: dict[str, dict[str, Any]] = {}
    hidden = 0
    for pid in _pids():
        namespace = _namespace_of(str(pid))
        if namespace is None:
            hidden += 1
        elif namespace != own and namespace not in found and len(found) < _MAX_NAMESPACES:
            title = _read_text(f"/proc/{pid}/comm").strip()
            found[namespace] = {"name": namespace, "pid": pid, "title": title, "hostname": _container_of(pid)}
    return json.dumps({"own": own, "hidden": hidden, "namespaces": list(found.values())}).encode()


def _pids() -> Iterator[int]:
    if os.path.isdir("/proc"):
        yield from sorted(int(name) for name in os.listdir("/proc") if name.isdigit())


def _namespace_of(pid: str) -> str | None:
    try:
        return os.readlink(f"/proc/{pid}/ns/net").removeprefix("net:[").removesuffix("]")
    except OSError:
        return None


def _container_of(pid: int) -> str:
    """Name the container by the last part of its cgroup (docker-0123456789ab.scope); empty without one."""
    return os.path.basename(_read_text(f"/proc/{pid}/cgroup").strip().rpartition(":")[2])


def _read_text_for(path: str, uid: int | None, is_known: bool) -> str:
    """Read a file that a process of the user ``uid`` named; empty where it is not that user's own to name.

    Another user's process leads nobody to files of others, by no link: ``is_known`` are those of the tables, which
    root may own. Only plain files are read: a pipe would hold the reading up.
    """
    is_own = uid is None or not hasattr(os, "getuid") or uid == os.getuid()
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | (0 if is_own else getattr(os, "O_NOFOLLOW", 0))
    try:
        descriptor = os.open(path, flags)
    except (OSError, ValueError):
        return ""
    with open(descriptor, encoding="utf-8", errors="backslashreplace") as file:
        state = os.fstat(descriptor)
        is_allowed = is_own or state.st_uid == uid or (is_known and state.st_uid == 0)
        return file.read(_MOST_TEXT) if stat.S_ISREG(state.st_mode) and is_allowed else ""


def _read_text(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="backslashreplace") as file:
            return file.read(_MOST_TEXT)
    except OSError:
        return ""
