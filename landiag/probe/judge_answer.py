"""What a server's answer says about it: its status, where it sends the client, what its page asks for."""

from __future__ import annotations

from landiag.collect.exchanges.http import Answer, Attempt, Exchange
from landiag.collect.exchanges.page import local_url
from landiag.collect.exchanges.redirect import redirect_target
from landiag.collect.exchanges.refusals import find_page_refusal
from landiag.collect.exchanges.resolve import parse_resolution
from landiag.collect.names import resolve
from landiag.model.report import Evidence, Finding, Fix
from landiag.probe.findings import answer_evidence, blocks, do, turned_away, warns
from landiag.probe.look import Look
from landiag.probe.plan import REFUSING, local_source, redirect_source

_HOST_REFUSALS = (
    "invalid host header",
    "invalid http_host header",
    "blocked request. this host",
    "blocked host",
    "is not trusted",
    "disallowedhost",
)
"""What webpack, Django, Vite, Rails and Flask say when they do not know the Host."""


def check_status(look: Look, exchange: Exchange, attempt: Attempt) -> list[Finding]:
    """A refusal, compared with what ``localhost`` gets: a better answer there means that the Host is refused."""
    answer = attempt.answer
    assert answer is not None
    if answer.status < 400:
        return []
    if answer.status in REFUSING:
        local = look.case.exchange(local_source(look, attempt.scheme))
        if local is not None and _is_better(local.best.answer, answer):
            return [host_rejected(look, exchange, attempt, answer_evidence(local, local.best))]
        if _says_host(answer):
            return [host_rejected(look, exchange, attempt, None)]
    refusal = find_page_refusal(answer.body.data)
    if refusal is not None:
        return [turned_away(refusal, (answer_evidence(exchange, attempt),))]
    if answer.status in (401, 403, 405, 407):
        return []
    title = f"the server answers {answer.status} {answer.reason}".strip() + ": the network is not the fault"
    return [warns("http-error", title, "", (answer_evidence(exchange, attempt),))]


def _is_better(local: Answer | None, answer: Answer) -> bool:
    if local is None:
        return False
    return local.status < 400 or (local.status == 404 and answer.status in (400, 403, 421))


def _says_host(answer: Answer) -> bool:
    body = (answer.body.text or "").lower()
    return any(words in body for words in _HOST_REFUSALS)


def host_rejected(look: Look, exchange: Exchange, attempt: Attempt, local: Evidence | None) -> Finding:
    """Say that the server turns away who calls it so; ``local`` is what ``localhost`` gets."""
    beside = ", while localhost gets an answer" if local else ""
    how = f"it answers {attempt.answer.status}" if attempt.answer is not None else "it hangs up"
    return blocks(
        "host-header-rejected",
        f"the server refuses the name {look.host_header}: {how}{beside}",
        "The request arrives; the application checks the Host header and turns it away.",
        (answer_evidence(exchange, attempt), *((local,) if local else ())),
        (
            do(
                "Let the application accept that name",
                f"Add {look.case.request.name or look.ip} where it lists its hosts: Django ALLOWED_HOSTS, Flask "
                "SERVER_NAME or TRUSTED_HOSTS, Vite server.allowedHosts, webpack allowedHosts, Rails config.hosts.",
            ),
        ),
    )


def check_redirect(look: Look, exchange: Exchange, attempt: Attempt) -> list[Finding]:
    """Find an answer that sends the client to a place that it cannot reach."""
    target = redirect_target(attempt, look.host_header, look.case.request.path)
    if target is None:
        return []
    evidence: tuple[Evidence, ...] = (answer_evidence(exchange, attempt), Evidence("Location", target.url))
    if target.is_local:
        title = f"the server sends browsers to {target.url}, which is the browser's own machine"
        return [blocks("redirects-elsewhere", title, "", evidence, (_redirect_fix(),))]
    if target.is_name:
        told = look.case.known(resolve(target.host, ""), parse_resolution)
        if told is not None and told.is_unknown:
            title = f"the server sends browsers to {target.url}, and this machine finds no such name"
            return [blocks("redirects-elsewhere", title, "", evidence, (_redirect_fix(),))]
        title = f"the server sends browsers on to {target.url}"
        return [warns("redirects-elsewhere", title, "Whether that name works was not tried.", evidence)]
    followed = look.case.exchange(redirect_source(look, attempt))
    if followed is None or followed.is_answered_in(target.scheme):
        return []
    title = f"the server sends browsers to {target.url}, which gives no answer"
    evidence = (*evidence, answer_evidence(followed, followed.best))
    return [blocks("redirects-elsewhere", title, "", evidence, (_redirect_fix(),))]


def _redirect_fix() -> Fix:
    return do(
        "Let the application name itself as clients do",
        "Look for a setting with its own address (SERVER_NAME, PREFERRED_URL_SCHEME, BASE_URL, SITE_URL).",
    )


def check_page(exchange: Exchange, attempt: Attempt) -> list[Finding]:
    """Find a page that loads its data from localhost."""
    answer = attempt.answer
    assert answer is not None
    if answer.status >= 300:
        return []
    found = local_url(answer.body.text or "", answer.header("Content-Type"))
    if found is None:
        return []
    title = f"the page loads something from {found}, which is the browser's own machine"
    detail = "The page opens, but what it loads from there does not: use addresses relative to the page."
    evidence = (answer_evidence(exchange, attempt), Evidence("the page", found))
    return [warns("page-uses-localhost", title, detail, evidence)]
