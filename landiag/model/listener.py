"""What ``landiag list`` shows of one listening socket."""

from __future__ import annotations

from msgspec import Struct


class Listener(Struct, frozen=True):
    """One listening socket. ``reached`` is ``yes``, ``no`` or ``unknown``; ``cause`` the code that stops clients.

    ``url`` is what clients use: a URL, or address and port of what is no web server; None where they cannot.
    """

    port: int
    address: str
    program: str
    pids: tuple[int, ...]
    reached: str
    cause: str | None
    why: str
    url: str | None
