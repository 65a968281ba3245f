"""Relays of container engines, virtual machines and WSL2: knowledge/relays.toml."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import TypeVar

from msgspec import Struct, convert

from landiag.knowledge.tables import read_tables
from landiag.model.process import Process

T = TypeVar("T")


class Relay(Struct, frozen=True):
    """One table of relays.toml; what each field means stands at the head of that file. ``key`` is its name."""

    title: str
    programs: tuple[str, ...]
    stop: str
    key: str = ""
    folders: tuple[str, ...] = ()
    titles: tuple[str, ...] = ()
    inside: bool = False
    guest: bool = False


@lru_cache(maxsize=1)
def relays() -> tuple[Relay, ...]:
    """Every product that is known."""
    return tuple(convert({**table, "key": key}, Relay) for key, table in read_tables("relays.toml").items())


_INTERPRETERS = ("python", "sh", "bash", "dash", "env", "node")
"""Programs whose first argument is the program that runs: a relay that is a script."""


def relay_of(process: Process) -> Relay | None:
    """The product whose relay a process is; None for any other program."""
    path = (process.exe or (process.argv[0] if process.argv else "")).lower().replace("\\", "/")
    names = {process.name.lower().removesuffix(".exe"), path.rpartition("/")[2].removesuffix(".exe")}
    if len(process.argv) > 1 and path.rpartition("/")[2].startswith(_INTERPRETERS):
        names.add(process.argv[1].lower().rpartition("/")[2])
    line = " ".join(process.argv).lower() or process.name.lower()
    for one in relays():
        if names & set(one.programs) or any(folder in path for folder in one.folders):
            return one
        if any(re.search(title, line) for title in one.titles):
            return one
    return None


def without_inner_relays(groups: Mapping[object, T]) -> dict[object, T]:
    """Owners of one port by product, without WSL's relay of localhost where an engine that lives in WSL2 has the port.

    A relay on loopback beside the engine's own proxy takes nothing from other devices.
    """
    known = {one.key: one for one in relays()}
    inner = {key for key in groups if isinstance(key, str) and key in known and known[key].inside}
    engines = {key for key in groups if isinstance(key, str) and key in known} - inner
    return {key: value for key, value in groups.items() if not (engines and key in inner)}
