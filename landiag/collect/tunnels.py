"""Tunnels and VPN clients by what their adapters are called: knowledge/tunnels.toml."""

from __future__ import annotations

import re
from functools import lru_cache

from msgspec import Struct, convert

from landiag.knowledge.tables import read_tables


class Tunnel(Struct, frozen=True):
    """One table of tunnels.toml; what each field means stands at the head of that file."""

    title: str
    lan: str
    signs: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    advice: str = ""


@lru_cache(maxsize=1)
def tunnels() -> tuple[Tunnel, ...]:
    """Every tunnel that is known, in the order in which they are tried."""
    return tuple(convert(table, Tunnel) for table in read_tables("tunnels.toml").values())


def tunnel_of(words: str) -> Tunnel | None:
    """The tunnel whose adapter on Windows is called so (name and description); None for any other adapter."""
    lowered = words.lower()
    return next((one for one in tunnels() if any(sign in lowered for sign in one.signs)), None)


def is_tap(mac: str | None) -> bool:
    """Whether an address is one that OpenVPN's TAP driver makes for its adapters, whoever sells them.

    Its first bytes are 00:ff (GenerateRandomMac in macinfo.c of tap-windows6), which no maker of cards has.
    """
    return mac is not None and mac.lower().replace("-", ":").startswith("00:ff:")


def tunnel_named(name: str) -> Tunnel | None:
    """The tunnel to which a name of an interface belongs on Linux, macOS and the BSDs; None for any other."""
    lowered = name.lower()
    found = ((len(begin), one) for one in tunnels() for begin in one.names if _begins(lowered, begin))
    return max(found, key=lambda pair: pair[0], default=(0, None))[1]


def _begins(name: str, begin: str) -> bool:
    return re.match(rf"{re.escape(begin)}(?![a-z])", name) is not None or name == begin
