"""What a phone's measurements and the check of this machine mean together. Pure."""

from __future__ import annotations

from enum import Enum

from msgspec import Struct

from landiag.model.causes import cause_of
from landiag.model.causes.cause import Cause
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
    """What does not change: the ports, and the URLs that phones try, the best first.

    ``is_web``: browsers show what is there; of another server they only tell whether it is reached.
    """

    port: int
    page_port: int
    urls: tuple[str, ...]
    is_web: bool = True

    def place(self, target: int) -> str:
        """What people are given: a URL, or address and port where no browser opens it."""
        url = self.urls[target]
        return url if self.is_web else url.partition("://")[2].rstrip("/")


def judge_phone(
    scene: Scene, page_url: int | None, measured: tuple[Measured, ...], report: Report | None
) -> Answer:
    """Join what the phone met with what the computer found.

    ``page_url`` is the target whose address the phone used for this page. ``report`` is None until it is there.
    """
    answered = sorted((one for one in measured if one.met is Met.ANSWERED), key=lambda one: one.target)
    if answered:
        return _works(scene, answered, measured, report)
    if report is None:
        return Answer("open", *_generic(scene, page_url, measured), is_final=False)
    cause = _cause(report)
    if cause is not None and cause.phone is not None:
        headline, advice = (
            text.format(port=scene.port) for text in (cause.phone.headline, cause.phone.advice)
        )
        return Answer("blocked", headline, advice, cause.code)
    headline, detail = _generic(scene, page_url, measured)
    if cause is not None:  # one that stands between the two: what the phone met says more of it
        return Answer(
            "blocked", headline, f"{detail} The computer has found the cause: {cause.code}.", cause.code
        )
    likely = report.verdict.likely
    if report.verdict.status is Status.CLEAR:
        detail += " The computer finds nothing on its side that does it: look at this device's VPN, proxy or firewall."
    return Answer("blocked", headline, detail, likely)


def _cause(report: Report) -> Cause | None:
    """The cause that the computer has found; None where it is not certain of one."""
    verdict = report.verdict
    return cause_of(verdict.cause) if verdict.status is Status.BLOCKED and verdict.cause else None


def _works(
    scene: Scene, answered: list[Measured], measured: tuple[Measured, ...], report: Report | None
) -> Answer:
    place = scene.place(answered[0].target)
    rest = [scene.place(one.target) for one in measured if one.met is not Met.ANSWERED]
    detail = f"This device reaches the server on port {scene.port}."
    if rest:
        detail += f" Not by {', '.join(rest[:3])}: use the address above."
    cause = None if report is None else _cause(report)
    if cause is not None and cause.is_of_answers:
        detail += " The network is fine, but the server itself does not give the page: look at the computer."
    said = f"It works: {'open' if scene.is_web else 'use'} {place}"
    url = place if scene.is_web else None
    return Answer("works", said, detail, None, url, is_final=report is not None)


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
