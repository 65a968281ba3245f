"""What psutil tells of processes on systems without Linux' /proc, in the words of ``proc.py``."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Any, TypeVar

from landiag.host.proc import describe_with_parents
from landiag.redact.masking import mask_argv, mask_environment

T = TypeVar("T")


def describe_processes(pids: Iterable[int], kept: Collection[str], seconds: float) -> list[dict[str, Any]]:
    """Describe processes and their parents; see ``proc.describe_processes``."""
    return describe_with_parents(pids, lambda pid: _describe(pid, kept), seconds)


def _describe(pid: int, kept: Collection[str]) -> dict[str, Any] | None:
    import psutil

    if pid <= 0:
        return None
    try:
        return _describe_process(psutil.Process(pid), kept)
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return None  # it ended between two readings


def _describe_process(process: Any, kept: Collection[str]) -> dict[str, Any]:
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
            "environment": mask_environment({key: variables[key] for key in sorted(kept & variables.keys())}),
            "namespace": None,
        }


def _uid_of(process: Any) -> int | None:
    """The real user id; None where there is none (Windows), or nobody may know it."""
    found = _ask(process.uids) if hasattr(process, "uids") else None
    return None if found is None else int(found.real)


def _ask(question: Callable[[], T]) -> T | None:
    """Ask one thing; None where this user may not know."""
    import psutil

    try:
        return question()
    except psutil.NoSuchProcess:
        raise
    except (psutil.Error, OSError, KeyError):
        return None
