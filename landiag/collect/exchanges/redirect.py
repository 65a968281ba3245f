"""Where an HTTP answer sends the browser."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urljoin, urlsplit

from msgspec import Struct

from landiag.collect.exchanges.http import Answer, Attempt
from landiag.collect.exchanges.page import refresh_url
from landiag.model.urls import bracketed

_STATUSES = (301, 302, 303, 307, 308)
_LOCAL_NAMES = ("localhost", "0.0.0.0", "::", "::1")
_PORTS = {"http": 80, "https": 443}


class RedirectTarget(Struct, frozen=True):
    """A place that an answer names. ``address`` is set when its host is a numeric address."""

    url: str
    scheme: str
    host: str
    port: int
    path: str
    address: str | None
    same_host: bool

    @property
    def is_local(self) -> bool:
        """Whether it means the machine that the browser runs on."""
        return self.host in _LOCAL_NAMES or self.host.startswith("127.") or self.host.endswith(".localhost")

    @property
    def is_asked(self) -> bool:
        """Whether it can be asked without resolving another name."""
        return not self.is_local and (self.same_host or self.address is not None)

    @property
    def is_name(self) -> bool:
        """Whether it is another name, which has to be looked up first."""
        return not (self.is_local or self.is_asked)

    @property
    def host_header(self) -> str:
        """The Host header for it."""
        host = bracketed(self.host)
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"


def redirect_target(attempt: Attempt, host_header: str, path: str) -> RedirectTarget | None:
    """Where the answer sends the browser; None when it does not, or to no web page, or to itself."""
    location = _location(attempt.answer)
    if not location:
        return None
    return target_of(location, f"{attempt.scheme}://{host_header}{path}")


def next_path(attempt: Attempt, host_header: str, path: str) -> str | None:
    """The path of the same server to which the answer sends the browser; None when it sends it nowhere, or away."""
    base, location = f"{attempt.scheme}://{host_header}{path}", _location(attempt.answer)
    try:
        parts, here = urlsplit(urljoin(base, location or "")), urlsplit(base)
    except ValueError:
        return None
    onward = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return onward if parts[:2] == here[:2] and onward != path else None


def target_of(location: str, base: str) -> RedirectTarget | None:
    """What a page or an answer at ``base`` names; None when that is no web page, or the same server."""
    try:
        url = urljoin(base, location)
        parts, here = urlsplit(url), urlsplit(base)
        port = parts.port or _PORTS.get(parts.scheme, 0)
    except ValueError:
        return None
    if parts.scheme not in _PORTS or not parts.hostname:
        return None
    same = parts.hostname == here.hostname
    if same and parts.scheme == here.scheme and port == (here.port or _PORTS[here.scheme]):
        return None
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return RedirectTarget(
        url, parts.scheme, parts.hostname, port, target, None if same else _address(parts.hostname), same
    )


def _location(answer: Answer | None) -> str | None:
    if answer is None:
        return None
    if answer.status in _STATUSES:
        return answer.header("Location")
    return refresh_url(answer.body.text or "", answer.header("Refresh"))


def _address(host: str) -> str | None:
    try:
        return str(ip_address(host))
    except ValueError:
        return None
