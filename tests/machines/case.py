"""One synthetic case: a machine, the question, and the answer that is right."""

from __future__ import annotations

from msgspec import Struct

from tests.machines.exchanges import Synthetic


class Made(Struct, frozen=True):
    """A case. ``cause`` is None for a clear one; ``description`` says what it shows."""

    description: str
    host: Synthetic
    status: str
    cause: str | None = None
    port: int = 5000
    peer: str | None = None
    program: str | None = None
