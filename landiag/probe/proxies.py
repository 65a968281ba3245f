"""The proxies that programs on this machine would use, and whether one stands before a target."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit, urlunsplit

from msgspec import Struct

from landiag.probe.gnome import read_gnome_proxies
from landiag.probe.transcript import decode, encode

_VARIABLES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
_PORTS = {"http": 80, "https": 443, "socks5": 1080, "socks4": 1080, "socks": 1080, "socks5h": 1080}


class Proxies(Struct, frozen=True):
    """Settings by name (``http_proxy``, ``HTTPS_PROXY``, ``no_proxy``...), and where each was found.

    Names and passwords in a proxy's URL are left out.
    """

    settings: dict[str, str]
    origin: str = "environment"


class Proxy(Struct, frozen=True):
    """The proxy for one URL: the variable that names it, and its place."""

    variable: str
    url: str
    host: str
    port: int
    scheme: str = "http"

    @property
    def speaks_http(self) -> bool:
        """Whether it takes plain HTTP requests (SOCKS and TLS proxies do not)."""
        return self.scheme == "http"

    @property
    def is_numeric(self) -> bool:
        """Whether it is given by address, so that no name must be resolved to ask it."""
        try:
            ip_address(self.host)
        except ValueError:
            return False
        return True


def parse_proxies(text: str) -> Proxies:
    """The transcript that ``proxies`` wrote. Raises ParseError."""
    return decode(text, Proxies)


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


def proxy_for(proxies: Proxies, scheme: str, host: str) -> Proxy | None:
    """The proxy that curl and most programs would use for a host; None when they would go straight."""
    if is_exempt(proxies, host):
        return None
    for variable in (f"{scheme}_proxy", f"{scheme.upper()}_PROXY", "all_proxy", "ALL_PROXY"):
        if value := proxies.settings.get(variable):
            return _parse_proxy(variable, value)
    return None


def _parse_proxy(variable: str, value: str) -> Proxy | None:
    try:
        parts = urlsplit(value if "://" in value else f"http://{value}")
        port = parts.port or _PORTS.get(parts.scheme, 1080)
    except ValueError:
        return None
    return Proxy(variable, value, parts.hostname, port, parts.scheme) if parts.hostname else None


def is_exempt(proxies: Proxies, host: str) -> bool:
    """Whether ``no_proxy`` names the host: ``*``, the name itself, its domain, its address or its network."""
    listed = proxies.settings.get("no_proxy") or proxies.settings.get("NO_PROXY") or ""
    return any(_covers(entry.strip().lower(), host.lower()) for entry in listed.split(",") if entry.strip())


def _covers(entry: str, host: str) -> bool:
    if entry == "*":
        return True
    try:
        address = ip_address(host)
    except ValueError:
        domain = entry.removeprefix("*").lstrip(".")
        return host == domain or host.endswith(f".{domain}")
    try:
        return address in ip_network(entry.strip("[]"), strict=False)
    except ValueError:
        return False
