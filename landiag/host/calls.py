"""Python calls behind the door: what no command tells, as JSON (/proc, or psutil on other systems).

Each is called by ``LiveHost`` with its parameters and the seconds that are left, and answers JSON bytes. The
parsers are in ``machine.py`` and ``processes.py``.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import socket
import stat
import sys
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

from msgspec.structs import asdict

from landiag.collect.reader import VIRTUAL_VENDORS
from landiag.host.proc import describe_processes, list_namespaces, namespace_of, text_of
from landiag.model.facts import Family

if TYPE_CHECKING:
    from landiag.model.process import Process
    from landiag.servers.recognise import Server

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
        "root_shell": is_root_shell(),
        "user_id": os.getuid() if hasattr(os, "getuid") else None,
        "environment": _environment(uname.release),
        "namespace": namespace_of("self"),
        "landiag": own_command(),
        "called": own_name(),
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


_ON_BEHALF = ("SUDO_UID", "DOAS_USER", "PKEXEC_UID")
"""What the programs that make a user root for one command tell it."""


def is_root_shell() -> bool:
    """Whether the person types as root: not so where one command alone was made root's, as by sudo."""
    return hasattr(os, "geteuid") and os.geteuid() == 0 and not any(name in os.environ for name in _ON_BEHALF)


def _environment(release: str) -> str:
    """Say what kind of machine this is: wsl1, wsl2, container, vm or bare."""
    is_microsofts = "microsoft" in release.lower()
    # A container of Docker Desktop has WSL's kernel; a distribution that was made of an image has the image's files.
    is_distribution = is_microsofts and os.path.exists("/run/WSL")
    if not is_distribution and any(map(os.path.exists, ("/.dockerenv", "/run/.containerenv"))):
        return "container"
    if is_microsofts:
        return "wsl2" if "wsl2" in release.lower() or "microsoft-standard" in release else "wsl1"
    vendor = text_of("/sys/class/dmi/id/sys_vendor") + text_of("/sys/class/dmi/id/product_name")
    return "vm" if any(word in vendor for word in VIRTUAL_VENDORS) else "bare"


def own_command() -> str:
    """Name the absolute path of this landiag: root's PATH seldom has it. A landiag.pyz need not be executable."""
    program = os.path.abspath(sys.argv[0]) if sys.argv and sys.argv[0] else ""
    if os.path.basename(program).startswith("landiag") and os.path.isfile(program):
        return program if os.access(program, os.X_OK) else f"{sys.executable} {program}"
    return f"{sys.executable} -m landiag"


def own_name() -> str:
    """How this landiag is typed in the shell that started it: by its name where that finds it, else with its path."""
    found = shutil.which("landiag")
    if found is None:
        return own_command()
    ours = (os.path.abspath(sys.argv[0]), os.path.join(os.path.dirname(sys.executable), "landiag"))
    is_ours = any(os.path.exists(one) and os.path.samefile(found, one) for one in ours)
    return "landiag" if is_ours else own_command()


def processes(params: Mapping[str, str], timeout: float) -> bytes:
    """Describe the processes ``pids`` (comma-separated) and their parents."""
    from landiag.servers.kinds import kept_variables

    wanted = [int(pid) for pid in params.get("pids", "").split(",") if pid]
    if sys.platform == "linux":
        return json.dumps(describe_processes(wanted, kept_variables(), timeout)).encode()
    from landiag.host.psutil_calls import describe_processes as ask_psutil

    return json.dumps(ask_psutil(wanted, kept_variables(), timeout)).encode()


def edit(params: Mapping[str, str], timeout: float) -> bytes:
    """Find the line of a source or configuration file where the server ``pid`` is told its address.

    Only that line leaves this function: the rest of a person's source has no place in a recording. Answers
    ``null`` where no such line is found.
    """
    from landiag.servers.source_edit import edit_files, find_edit

    server, process = _recognised(params, timeout)
    if server is None or process is None:
        return b"null"
    if params.get("name"):
        return json.dumps(_host_edit(server, process.uid, params["name"])).encode()
    for path in edit_files(server):
        text = text_of_owner(path, process.uid, path in server.kind.files) or ""
        found = find_edit(server, path, text, Family(int(params["family"])), int(params["port"]))
        if found is not None:
            return json.dumps(asdict(found)).encode()
    return b"null"


def named_networks(params: Mapping[str, str], timeout: float) -> bytes:
    """List the addresses that the files of the server ``pid`` name; ``is_list``: as those that it lets in.

    Nothing else of its files leaves this function. Answers ``null`` where the server is not known.
    """
    from landiag.servers import allow_list
    from landiag.servers.source_edit import edit_files

    server, process = _recognised(params, timeout)
    if server is None or process is None:
        return b"null"
    texts = (text_of_owner(path, process.uid, path in server.kind.files) for path in edit_files(server))
    found = [one for text in texts if text for one in allow_list.named_networks(server.kind, text)]
    return json.dumps({"is_list": bool(server.kind.lets_in), "networks": found}).encode()


def _recognised(params: Mapping[str, str], timeout: float) -> tuple[Server | None, Process | None]:
    """The process ``pid``, and the server that it is, by what ``answers`` there."""
    from landiag.collect.machine import parse_processes
    from landiag.servers.recognise import recognise

    known = parse_processes(processes({"pids": params["pid"]}, timeout).decode())
    process = known.get(int(params["pid"]))
    server = None if process is None else recognise(process, known, params.get("answers") or None)
    return server, process


def _host_edit(server: Server, uid: int | None, name: str) -> dict[str, object] | None:
    """The line where a server lists the names that it answers to: in its settings, else in its own script."""
    from landiag.servers.host_edit import host_edit, script_of, settings_file

    script = script_of(server)
    if script is None:
        return None
    text = text_of_owner(script, uid, False) or ""
    settings = settings_file(server, script, text)
    texts = {script: text} if settings is None else {settings: text_of_owner(settings, uid, False) or ""}
    edits = (host_edit(server.kind.host_list, path, one, name) for path, one in texts.items())
    found = next((one for one in edits if one is not None), None)
    return None if found is None else asdict(found)


def namespaces(_params: Mapping[str, str], _timeout: float) -> bytes:
    """List the other network namespaces of this machine, each with one process that lives in it."""
    return json.dumps(list_namespaces()).encode()


def text_of_owner(path: str, uid: int | None, is_known: bool = False) -> str | None:
    """Read a file that a process of the user ``uid`` named; None where it is not that user's own to name.

    Another user's process leads nobody to files of others, by no link: ``is_known`` are those of the tables, which
    root may own. Only plain files are read: a pipe would hold the reading up.
    """
    is_own = uid is None or not hasattr(os, "getuid") or uid == os.getuid()
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | (0 if is_own else getattr(os, "O_NOFOLLOW", 0))
    try:
        descriptor = os.open(path, flags)
    except (OSError, ValueError):
        return None
    with open(descriptor, encoding="utf-8", errors="backslashreplace") as file:
        state = os.fstat(descriptor)
        is_allowed = is_own or state.st_uid == uid or (is_known and state.st_uid == 0)
        return file.read(_MOST_TEXT) if stat.S_ISREG(state.st_mode) and is_allowed else None
