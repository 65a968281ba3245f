"""What a page loads, on another device: something from localhost, or something that the server refuses there.

Some servers look at the Origin header that browsers send with a page's own requests (the Fetch standard), and refuse
those of pages that were not opened under a name they know; the page itself comes, and stays dead. Next.js does so for
its development files.
"""

from __future__ import annotations

from msgspec.structs import replace

from landiag.checks.application.exchange import attempt_of, client_exchange
from landiag.checks.application.silence import asked_socket
from landiag.checks.case import Case, unknown_evidence
from landiag.checks.evidence import of_exchange
from landiag.checks.fixes.restart import origin_fixes
from landiag.collect.exchanges.http import Attempt, Exchange, parse_exchange
from landiag.collect.exchanges.page import local_url, scripts_of
from landiag.model.facts import Call, Unknown
from landiag.model.report import Evidence, Finding, Outcome


def plan(case: Case) -> tuple[Call, ...]:
    """Ask for the page's scripts as the client's page does, for the first one as a page of localhost, too."""
    return (*_first(case), *_others(case))


MOST_SCRIPTS = 6
"""So many scripts of a page are looked at."""


def _scripts(case: Case) -> tuple[str, ...]:
    attempt = attempt_of(case)
    if attempt is None or attempt.answer is None or attempt.answer.status >= 400 or case.way is None:
        return ()
    return scripts_of(attempt.answer.body.text or "")[:MOST_SCRIPTS]


def _asked_for(case: Case, script: str, host: str | None = None) -> tuple[Call, ...]:
    """Ask for a script as a page of that host does; of the host that the client names, where none is given."""
    attempt = attempt_of(case)
    if attempt is None or case.way is None:
        return ()
    call = client_exchange(case, case.way)
    asked = {**dict(call.params), "path": script, "scheme": attempt.scheme}
    origin = f"{attempt.scheme}://{host or asked['host']}"
    return (replace(call, params=tuple({**asked, "origin": origin}.items())),)


def _first(case: Case) -> tuple[Call, ...]:
    hosts = (None, f"localhost:{case.port}")
    return tuple(call for one in _scripts(case)[:1] for host in hosts for call in _asked_for(case, one, host))


def _others(case: Case) -> tuple[Call, ...]:
    return tuple(call for one in _scripts(case)[1:] for call in _asked_for(case, one))


def check(case: Case, exchange: Exchange, attempt: Attempt) -> list[Finding]:
    """Say what of the page does not come on other devices; empty where all does."""
    asked = (*_first(case)[:1], *_others(case))
    scripts = [case.parse(call, parse_exchange) for call in asked if call.name in case.readings]
    loaded = [(one, one.best) for one in scripts if isinstance(one, Exchange)]
    using = [_uses_localhost(*one) for one in ((exchange, attempt), *loaded)]
    return [*next((found for found in using if found), []), *_is_refused(case)]


def _is_refused(case: Case) -> list[Finding]:
    """Say that the server refuses the requests of pages that other devices opened."""
    asked = _first(case)
    if len(asked) < 2 or asked[0].name not in case.readings:  # a recording of a landiag that did not ask
        return []
    theirs, ours = (case.parse(call, parse_exchange) for call in asked)
    if _is_answered_well(theirs):
        return []
    for unread in (theirs, ours):
        if isinstance(unread, Unknown):
            title = "Whether the page's own requests are answered on other devices is not known"
            evidence = unknown_evidence(unread)
            return [Finding("origin-rejected", Outcome.UNKNOWN, title, unread.reason, evidence)]
    if not isinstance(theirs, Exchange) or theirs.best.answer is None or not _is_answered_well(ours):
        return []
    if theirs.best.answer.status in _TOO_MUCH:
        return []
    host = dict(asked[0].params)["host"]
    return [
        Finding(
            code="origin-rejected",
            outcome=Outcome.BLOCKS,
            title=f"The page opens, but the server refuses what it loads on other devices: {theirs.best.answer.status} "
            f"for pages of {host}, not for those of localhost",
            detail="Browsers say with such requests by which address the page was opened (Origin).",
            evidence=of_exchange(theirs, theirs.best),
            fixes=origin_fixes(case, asked_socket(case), host),
        )
    ]


_TOO_MUCH = (429, 503)
"""What a server says that has more to do than it may: not to the page, but to the moment (RFC 6585, RFC 9110)."""


def _is_answered_well(exchange: Exchange | Unknown | None) -> bool:
    best = exchange.best if isinstance(exchange, Exchange) else None
    return best is not None and best.answer is not None and best.answer.status < 400


def _uses_localhost(exchange: Exchange, attempt: Attempt) -> list[Finding]:
    answer = attempt.answer
    if answer is None or answer.status >= 300:
        return []
    found = local_url(answer.body.text or "", answer.header("Content-Type")) or answer.loads_local
    if found is None:
        return []
    title = f"The page loads something from {found}, which on another device is that device itself"
    detail = "The page opens, but what it loads from there does not: use addresses relative to the page."
    evidence = (*of_exchange(exchange, attempt), Evidence("the page", found))
    return [Finding("page-uses-localhost", Outcome.WARNS, title, detail, evidence)]
