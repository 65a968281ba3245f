"""Who asks for the page, and by which of this machine's names: read from a request's own words. Pure."""

from __future__ import annotations

from landiag.model.addresses import ip_or_none
from landiag.model.urls import bracketed
from landiag.web.serve.state import State

_AGENTS = (
    *(("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("CrOS", "ChromeOS")),
    *(("Windows", "Windows"), ("Macintosh", "Mac"), ("Linux", "Linux")),
)


def agent_of(text: str) -> str:
    """Name the kind of device that a User-Agent speaks of; nothing of the text itself is kept."""
    return next((name for word, name in _AGENTS if word in text), "a browser")


def plain_address(text: str) -> str:
    """An IPv4 address that came by an IPv6 socket, as IPv4; without a zone."""
    address = ip_or_none(text)
    return text if address is None else str(getattr(address, "ipv4_mapped", None) or address)


def host_of(text: str) -> str:
    """The host of a Host header, without port and brackets."""
    if text.startswith("["):
        return plain_address(text[1:].partition("]")[0])
    return text.partition(":")[0].lower()


def target_of(state: State, host: str) -> int | None:
    """Which of the server's URLs has the address by which a phone came to this page."""
    return next(
        (number for number, url in enumerate(state.scene.urls) if f"//{bracketed(host)}:" in url), None
    )
