"""Who serves a connection whose socket launchd holds on macOS: knowledge/launchd.toml."""

from __future__ import annotations

from functools import lru_cache

from landiag.knowledge.tables import read_tables
from landiag.model.process import Process


def is_launchd(process: Process) -> bool:
    """Whether a process is launchd, which only holds the sockets of others."""
    return process.exe == "/sbin/launchd" or (process.pid == 1 and process.name == "launchd")


@lru_cache(maxsize=1)
def _programs() -> dict[int, tuple[str, ...]]:
    return {
        port: tuple(table["programs"])
        for table in read_tables("launchd.toml").values()
        for port in table["ports"]
    }


def served_by(port: int | None) -> str | None:
    """The program that launchd starts for a port of the system; None for a port of which nobody knows it."""
    found = _programs().get(port or 0)
    return None if found is None else found[0]


def service_of(program: str) -> tuple[str, ...]:
    """Every program of the service that this one belongs to; the program alone where it is none of launchd's."""
    return next((found for found in _programs().values() if program in found), (program,))
