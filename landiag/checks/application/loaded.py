"""What a page loads from servers that it names: another port of this machine, or this machine's own name.

The page itself comes; on other devices it stays without its scripts where they do not get to that port, or do not
find that name.
"""

from __future__ import annotations

from collections.abc import Iterator

from landiag.checks.application.sent_on import THERE, place_of
from landiag.checks.case import Case
from landiag.checks.evidence import of_exchange
from landiag.collect.exchanges.http import Attempt, Exchange
from landiag.collect.exchanges.page import loaded_urls
from landiag.collect.exchanges.redirect import RedirectTarget, target_of
from landiag.model.report import Evidence, Finding, Outcome

_MOST = 8
"""So many of a page's scripts and styles are looked at."""


def check(case: Case, exchange: Exchange, attempt: Attempt) -> list[Finding]:
    """Name the first thing that other devices cannot load; what every machine has as its own is page.py's."""
    if attempt.answer is None or attempt.answer.status >= 300:
        return []
    base = f"{attempt.scheme}://{exchange.host}{exchange.path}"
    urls = loaded_urls(attempt.answer.body.text or "")[:_MOST]
    targets = [one for one in (target_of(url, base) for url in urls) if one is not None and not one.is_local]
    told = next(_unreached(case, targets), None)
    if told is None:
        return []
    evidence = (*of_exchange(exchange, attempt), Evidence("the page", told[0].url))
    title = f"The page loads something from {told[0].url}, {told[1]}"
    detail = "The page opens, but what it loads from there does not: use addresses relative to the page."
    return [Finding("redirects-elsewhere", Outcome.WARNS, title, detail, evidence)]


def _unreached(case: Case, targets: list[RedirectTarget]) -> Iterator[tuple[RedirectTarget, str]]:
    for target in targets:
        if target.host == case.machine.info.hostname.lower():
            yield target, "a name that other devices may not know"
            continue
        place = place_of(case, target)
        if place is not None and place.symptom in THERE:
            yield target, THERE[place.symptom]
