"""What is known of ports by their numbers alone: ports.toml. Pure but for reading that file, once."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from landiag.knowledge.tables import read_tables


@lru_cache(maxsize=1)
def _known() -> dict[str, Any]:
    return read_tables("ports.toml")


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
