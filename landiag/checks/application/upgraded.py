"""A page that browsers got by http, and whose parts they load by https, which the server does not speak.

They leave localhost out, so that the page works there and stays blank on other devices. Helmet's default does so.
"""

from __future__ import annotations

from landiag.checks.case import Case
from landiag.checks.evidence import of_exchange
from landiag.collect.exchanges.http import Attempt, Exchange
from landiag.collect.exchanges.page_policy import upgrades_its_parts
from landiag.model.report import Evidence, Finding, Fix, Outcome

_FIX = Fix(
    "Let browsers load the page by http",
    needs="user-action",
    steps=(
        "Take upgrade-insecure-requests out of the Content-Security-Policy while the server speaks http (Helmet: "
        "contentSecurityPolicy: { directives: { upgradeInsecureRequests: null } }), or let it speak https.",
        "Then start it anew.",
    ),
)


def check(case: Case, exchange: Exchange, attempt: Attempt) -> list[Finding]:
    """Say that the page's own scripts and styles do not come on other devices."""
    answer = attempt.answer
    if answer is None or answer.status >= 300 or attempt.scheme != "http" or not upgrades_its_parts(answer):
        return []
    return [
        Finding(
            code="redirects-elsewhere",
            outcome=Outcome.BLOCKS,
            title=f"The page has browsers load its parts by https, which port {case.port} does not speak",
            detail="The page opens and stays blank: its policy says upgrade-insecure-requests, which browsers obey "
            "everywhere but on localhost.",
            evidence=(
                *of_exchange(exchange, attempt),
                Evidence("Content-Security-Policy", "upgrade-insecure-requests"),
            ),
            fixes=(_FIX,),
        )
    ]
