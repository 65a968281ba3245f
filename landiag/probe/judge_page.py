"""A page that is none under this name, or whose parts browsers load in another way than the page."""

from __future__ import annotations

from landiag.collect.exchanges.http import Attempt, Exchange
from landiag.collect.exchanges.page_policy import upgrades_its_parts
from landiag.collect.exchanges.placeholder import placeholder_in
from landiag.model.report import Evidence, Finding
from landiag.probe.findings import answer_evidence, blocks, do
from landiag.probe.look import Look
from landiag.probe.plan import local_source


def check_other_page(look: Look, exchange: Exchange, attempt: Attempt) -> list[Finding]:
    """Find a web server that has its page for the name localhost alone."""
    what = placeholder_in(attempt)
    local = None if what is None else look.case.exchange(local_source(look, attempt.scheme))
    ours = None if local is None else local.best.answer
    if local is None or ours is None or ours.status >= 400 or not ours.body_bytes:
        return []
    if placeholder_in(local.best):
        return []
    name = look.case.request.name or look.ip
    return [
        blocks(
            "host-header-rejected",
            f"the server does not know the name {look.host_header}: it has {what} for it, and a page for localhost",
            "The request arrives; the server chooses its page by the Host header.",
            (answer_evidence(exchange, attempt), answer_evidence(local, local.best)),
            (
                do(
                    "Let the server know that name",
                    f"Add {name} to the names of that page in its configuration.",
                ),
            ),
        )
    ]


def check_upgrade(look: Look, exchange: Exchange, attempt: Attempt) -> list[Finding]:
    """Find a page by http that has browsers load its parts by https."""
    assert attempt.answer is not None
    if attempt.scheme != "http" or attempt.answer.status >= 300 or not upgrades_its_parts(attempt.answer):
        return []
    return [
        blocks(
            "redirects-elsewhere",
            f"the page has browsers load its parts by https, which port {look.case.request.port} does not speak",
            "The page opens and stays blank: its policy says upgrade-insecure-requests.",
            (
                answer_evidence(exchange, attempt),
                Evidence("Content-Security-Policy", "upgrade-insecure-requests"),
            ),
            (
                do(
                    "Let browsers load the page by http",
                    "Take upgrade-insecure-requests out of its Content-Security-Policy, or let it speak https.",
                ),
            ),
        )
    ]
