"""What a phone's measurements and the check of this machine mean together. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from msgspec import Struct

from landiag.model.report import Report, Status


class Met(str, Enum):
    """What the phone's browser met at one address."""

    ANSWERED = "answered"
    REFUSED = "refused"
    SILENT = "silent"


class Measured(Struct, frozen=True):
    """One address of the server, asked by the phone: what it met, after how many milliseconds."""

    target: int
    met: Met
    milliseconds: int = 0


class Answer(Struct, frozen=True):
    """What a phone is told, and the terminal with it.

    ``status`` is ``works``, ``blocked`` or ``open``; ``code`` is the cause, None when it works or is not known.
    ``url`` is what to open, None when nothing can be opened yet. ``is_final``: this machine was looked at too.
    """

    status: str
    headline: str
    detail: str
    code: str | None = None
    url: str | None = None
    is_final: bool = True


class Scene(Struct, frozen=True):
    """What does not change: the ports, and the URLs that phones try, the best first."""

    port: int
    page_port: int
    urls: tuple[str, ...]


_PLAIN: Mapping[str, tuple[str, str]] = {
    "nothing-listening": (
        "No server is running on port {port}",
        "Start the server on the computer, then try again.",
    ),
    "bound-to-loopback": (
        "The server listens for the computer itself only",
        "Start it so that it listens on all addresses (for Flask: flask run --host 0.0.0.0).",
    ),
    "bound-to-other-address": (
        "The server listens on another address of the computer",
        "Start it so that it listens on all addresses (0.0.0.0).",
    ),
    "bound-to-ipv4-only": ("The server speaks IPv4 only", "Use the address with dots."),
    "bound-to-ipv6-only": ("The server speaks IPv6 only", "Start it so that it listens on 0.0.0.0 too."),
    "published-on-loopback": (
        "The container's port is published for the computer itself only",
        "Publish it without 127.0.0.1.",
    ),
    "listening-in-namespace": (
        "The server runs in a container that publishes no port",
        "Publish port {port}.",
    ),
    "firewall-drops": (
        "The computer's firewall drops what comes for port {port}",
        "Open port {port} for this network there: the computer's screen shows how.",
    ),
    "firewall-rejects": (
        "The computer's firewall refuses port {port}",
        "Open port {port} for this network there: the computer's screen shows how.",
    ),
    "firewall-drops-replies": (
        "The computer's firewall keeps the server's answers back",
        "The computer's screen shows the rule.",
    ),
    "rate-limited": ("The computer's firewall lets only few connections in", "Wait a minute and try again."),
    "server-silent": (
        "The server takes the connection and does not answer",
        "It hangs, is stopped, or is busy: look at it on the computer, and start it again.",
    ),
    "accept-queue-full": (
        "The server does not take new connections",
        "It hangs or is stopped: start it again.",
    ),
    "speaks-tls": ("The server speaks https", "Open it with https:// instead of http://."),
    "port-unsafe-in-browsers": (
        "Browsers refuse port {port} by themselves",
        "Let the server use another port, such as 8000.",
    ),
    "vpn-takes-replies": (
        "A VPN on the computer takes the answers away",
        "Let it leave the local network alone.",
    ),
    "no-route-to-client": ("The computer has no way back to this device", "Put both into the same network."),
    "reverse-path-filter": (
        "The computer drops this device's packets (rp_filter)",
        "The computer's screen shows how.",
    ),
    "port-redirected": ("The computer sends port {port} to a place where nothing answers", ""),
}
"""What phones are told for a cause: no more than they need, nothing about the machine."""


def judge_phone(
    scene: Scene, page_url: int | None, measured: tuple[Measured, ...], report: Report | None
) -> Answer:
    """Join what the phone met with what the computer found.

    ``page_url`` is the target whose address the phone used for this page. ``report`` is None until it is there.
    """
    if scene.page_port == scene.port:
        return _port_was_free(scene)
    answered = sorted((one for one in measured if one.met is Met.ANSWERED), key=lambda one: one.target)
    if answered:
        return _works(scene, answered, measured, report)
    if report is None:
        return Answer("open", *_generic(scene, page_url, measured), is_final=False)
    cause = report.verdict.cause if report.verdict.status is Status.BLOCKED else None
    if cause is not None and cause in _PLAIN:
        headline, detail = _PLAIN[cause]
        return Answer("blocked", headline.format(port=scene.port), detail.format(port=scene.port), cause)
    headline, detail = _generic(scene, page_url, measured)
    if cause is not None:
        return Answer("blocked", headline, f"{detail} The computer has found the cause: {cause}.", cause)
    likely = report.verdict.likely
    if report.verdict.status is Status.CLEAR:
        detail += " The computer finds nothing on its side that does it: look at this device's VPN, proxy or firewall."
    return Answer("blocked", headline, detail, likely)


def _port_was_free(scene: Scene) -> Answer:
    return Answer(
        "works",
        f"This device reaches port {scene.port}",
        "Nothing was listening there, so this page used the port itself: the network and the firewall let it pass. "
        "Now start your server on it, so that it listens on all addresses (0.0.0.0).",
        "nothing-listening",
    )


def _works(
    scene: Scene, answered: list[Measured], measured: tuple[Measured, ...], report: Report | None
) -> Answer:
    url = scene.urls[answered[0].target]
    rest = [scene.urls[one.target] for one in measured if one.met is not Met.ANSWERED]
    detail = f"This device reaches the server on port {scene.port}."
    if rest:
        detail += f" Not by {', '.join(rest[:3])}: use the address above."
    cause = None if report is None else report.verdict.cause
    if cause in ("host-header-rejected", "http-error", "origin-rejected", "redirects-elsewhere"):
        detail += " The network is fine, but the server itself does not give the page: look at the computer."
    return Answer("works", f"It works: open {url}", detail, None, url, is_final=report is not None)


def _generic(scene: Scene, page_url: int | None, measured: tuple[Measured, ...]) -> tuple[str, str]:
    """What the phone's own measurements mean, before or without the computer's findings."""
    mine = [one for one in measured if one.target == page_url] or list(measured)
    if not mine:
        return f"Port {scene.port} could not be tried", "This browser gave no result: try another one."
    if all(one.met is Met.SILENT for one in mine):
        return (
            f"Port {scene.port} does not answer",
            "This device reaches the computer (this page came from it), but packets for that port vanish: "
            "a rule of the computer's firewall for the port, or a server that hangs.",
        )
    return (
        f"Port {scene.port} is refused",
        "This device reaches the computer (this page came from it), but nothing takes connections on that port: "
        "the server is not running, or listens on another address or port.",
    )
