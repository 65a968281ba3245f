"""Whether a server could take a port."""

from __future__ import annotations

from msgspec import Struct

from landiag.collect.exchanges.transcript import decode


class BindTest(Struct, frozen=True):
    """Whether bind() succeeded. ``error`` is the errno's name (``EADDRINUSE``, ``EACCES``...) when not."""

    address: str
    port: int
    free: bool
    error: str | None = None


def parse_bind_test(text: str) -> BindTest:
    """The transcript that ``bind_test`` wrote. Raises ParseError."""
    return decode(text, BindTest)
