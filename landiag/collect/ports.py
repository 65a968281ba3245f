"""What is known of ports by their numbers alone: ports.toml. Pure but for reading that file, once."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from msgspec import Struct

from landiag.knowledge.toml import read_toml


class Squatter(Struct, frozen=True):
    """A program that holds a port which a server may want, and what a person does about it."""

    title: str
    ports: tuple[int, ...]
    program: str
    remedy: str
    os: str | None = None


@lru_cache(maxsize=1)
def _known() -> dict[str, Any]:
    return read_toml("ports.toml")


def development_ports() -> tuple[int, ...]:
    """The ports where development servers listen by default, the likeliest first."""
    return tuple(_known()["development"])


def is_unsafe_in_browsers(port: int) -> bool:
    """Whether browsers refuse to send anything to this port (the Fetch standard's bad ports)."""
    return port in _known()["unsafe"]


def service_name(port: int) -> str | None:
    """The protocol that is spoken on a port by custom, or None."""
    name = _known()["services"].get(str(port))
    return str(name) if name else None


def squatter(port: int, program: str, os: str) -> Squatter | None:
    """The well-known holder of a port that this program is, or None. ``os`` as in Facts."""
    for table in _known()["squatter"]:
        if table.get("os", os) == os and port in table["ports"] and re.search(table["program"], program):
            return Squatter(
                table["title"], tuple(table["ports"]), table["program"], table["remedy"], table.get("os")
            )
    return None
