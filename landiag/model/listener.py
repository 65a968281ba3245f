"""What ``landiag list`` shows of one listening socket."""

from __future__ import annotations

from msgspec import Struct

from landiag.model.report import AddressSpan


class Listener(Struct, frozen=True):
    """One listening socket. ``reached`` is ``yes``, ``no`` or ``unknown``; ``cause`` the code that stops clients.

    ``url`` is what clients use: a URL, or address and port of what is no web server; None where they cannot.
    ``clients`` are the addresses of the subnet that certainly get an answer, ``others`` those that do not, or perhaps
    do not; both are empty for a socket of this machine alone, and where no way in is known.
    """

    port: int
    address: str
    program: str
    pids: tuple[int, ...]
    reached: str
    cause: str | None
    why: str
    url: str | None
    clients: tuple[AddressSpan, ...] = ()
    others: tuple[AddressSpan, ...] = ()
