"""What a client sees, from what was found: the symptom of the first cause that stops it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from landiag.model.causes import cause_of
from landiag.model.report import ClientSees, Finding, Outcome
from landiag.model.terms import Symptom
from landiag.verdict.algebra import decisive


def client_sees(
    findings: Iterable[Finding], http_status: int | None = None, share: float | None = None, who: str = ""
) -> ClientSees:
    """Say what a client sees where these findings, in the order of fixing, are all that there is.

    ``http_status`` is the answer's, where one is known; ``share`` the part of connections that succeed, where it
    varies; ``who`` names the client, empty for the ordinary ones. A finding that only warns changes nothing.
    """
    first = decisive(findings)
    if first is None:
        return describe_symptom(Symptom.ANSWERED, http_status, who=who)
    if first.outcome is not Outcome.BLOCKS:
        return describe_symptom(Symptom.UNKNOWN, who=who)
    return describe_symptom(symptom_of(first), http_status, share, who)


def symptom_of(finding: Finding) -> Symptom:
    """The symptom of what blocks: its own (unknown, too), else the one that its cause shows most."""
    if finding.symptom is not None:
        return finding.symptom
    possible = cause_of(finding.code).symptoms
    return possible[0] if possible else Symptom.UNKNOWN


_SENTENCES: Mapping[Symptom, str] = {
    Symptom.ANSWERED: "an answer",
    Symptom.REFUSED: "connection refused, at once",
    Symptom.UNREACHABLE: "no route to host",
    Symptom.TIMEOUT: "nothing, until they time out",
    Symptom.RESET: "the connection opens, then it is reset",
    Symptom.SILENT: "the connection opens, then nothing comes",
    Symptom.STALLED: "the answer begins, then it stops",
    Symptom.VARIES: "some connections succeed, others fail",
    Symptom.UNRESOLVED: "the name leads nowhere",
}


def _page(status: int) -> str:
    """What an answer with this status is to the person who reads it."""
    if 300 <= status < 400:
        return "a redirect"
    return "an error page" if status >= 400 else _SENTENCES[Symptom.ANSWERED]


def describe_symptom(
    symptom: Symptom,
    http_status: int | None = None,
    share: float | None = None,
    who: str = "",
    *,
    is_client: bool = False,
    perhaps: Symptom | None = None,
) -> ClientSees:
    """Put a symptom into the sentence that people read; what does not belong to it is left out.

    ``is_client``: it is this machine itself that sees it. ``perhaps`` goes with UNKNOWN: what is seen unless a
    firewall stops it before.
    """
    status = http_status if symptom is Symptom.ANSWERED else None
    part = share if symptom is Symptom.VARIES else None
    verb = f"The device at {who} sees" if who else "Other devices see"
    if is_client:
        verb, who = "This device sees", "this device"
    if perhaps is not None and perhaps in _SENTENCES:
        text = f"{verb}: {_SENTENCES[perhaps]}, unless a firewall here drops it."
        return ClientSees(symptom, text=text, perhaps=perhaps)
    if symptom is Symptom.UNKNOWN:
        return ClientSees(
            symptom, text=f"What {who or 'other devices'} see{'s' if who else ''} is not known."
        )
    said = _SENTENCES[symptom] if status is None else f"{_page(status)} (HTTP {status})"
    if part is not None:
        said += f" (about {part:.0%} succeed)"
    if who:
        said = said.replace("they time out", "it times out")
    return ClientSees(symptom, status, part, f"{verb}: {said}.")
