"""What a host knows of its neighbours' hardware addresses."""

from __future__ import annotations

from msgspec import Struct

from landiag.model.facts import IPAddress


class Neighbour(Struct, frozen=True):
    """An entry of the ARP or ND cache. ``states`` are ip-neighbour(8)'s words, e.g. ``("REACHABLE",)``."""

    address: IPAddress
    device: str
    mac: str | None
    states: tuple[str, ...] = ()
