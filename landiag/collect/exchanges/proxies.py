"""The proxies that programs on a machine would use, and whether one stands before a target."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit

from msgspec import Struct

from landiag.collect.exchanges.transcript import decode

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
