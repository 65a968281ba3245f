"""What else a report tells a person who was not there: how it was asked, and what the machine is connected to."""

from __future__ import annotations

from msgspec import Struct


class Option(Struct, frozen=True):
    """What was asked besides the target, by the name of its option; ``value`` is empty for a switch."""

    name: str
    value: str = ""


class Attachment(Struct, frozen=True):
    """A network interface with its addresses, each with its prefix length. ``kind`` is that of ``Interface``."""

    interface: str
    kind: str
    up: bool
    addresses: tuple[str, ...] = ()


class Gateway(Struct, frozen=True):
    """A router that leads to everything else, and the interface by which it is reached (None: not known)."""

    address: str
    interface: str | None = None


class Surroundings(Struct, frozen=True):
    """``server`` is what the server calls itself; None where it does not tell, or was not asked.

    ``attachments`` and ``gateways`` are None where they could not be read.
    """

    server: str | None = None
    options: tuple[Option, ...] = ()
    attachments: tuple[Attachment, ...] | None = None
    gateways: tuple[Gateway, ...] | None = None
