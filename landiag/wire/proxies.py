"""The proxies that programs on this machine would use, and whether one stands before a target."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from urllib.parse import urlsplit, urlunsplit

from landiag.collect.exchanges.proxies import Proxies
from landiag.collect.exchanges.transcript import encode
from landiag.wire.gnome import read_gnome_proxies

_VARIABLES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


def proxies(_params: Mapping[str, str], timeout: float) -> bytes:
    """Read the proxies of the environment; without such, those of the system, or of a GNOME desktop."""
    found = {name: os.environ[name] for name in os.environ if name.lower() in _VARIABLES and os.environ[name]}
    origin = "environment"
    if not found and sys.platform in ("darwin", "win32"):
        from urllib.request import getproxies

        found = {f"{scheme}_proxy": url for scheme, url in getproxies().items()}
        origin = "system settings"
    elif not found and sys.platform == "linux":
        found = read_gnome_proxies(timeout)
        origin = "GNOME's settings" if found else origin
    return encode(Proxies({name: _without_secrets(value) for name, value in found.items()}, origin))


def _without_secrets(value: str) -> str:
    if "@" not in value:
        return value
    try:
        parts = urlsplit(value)
    except ValueError:
        return "***"
    return urlunsplit(parts._replace(netloc="***@" + parts.netloc.rpartition("@")[2]))
