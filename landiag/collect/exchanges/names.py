"""The names that the system knows for addresses."""

from __future__ import annotations

from msgspec import Struct

from landiag.collect.exchanges.transcript import decode


class HostNames(Struct, frozen=True):
    """Names by address; an address that is missing has none that came in time."""

    names: dict[str, str]


def parse_host_names(text: str) -> HostNames:
    """The transcript that ``host_names`` wrote. Raises ParseError."""
    return decode(text, HostNames)
