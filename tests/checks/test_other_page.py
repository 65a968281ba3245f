"""Pages that localhost alone gets, and pages whose parts browsers load by https."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from landiag.checks.application import check as application
from landiag.checks.application import exchange
from landiag.checks.case import Case
from landiag.collect.exchanges.http import Answer, End
from landiag.collect.exchanges.tcp import TcpOutcome
from landiag.collect.exchanges.transcript import Blob
from landiag.model.report import Outcome, Target
from tests.checks.asked import PORT, case_of, heard
from tests.journey.world import BASE

MET = TcpOutcome.CONNECTED
SCRIPT = b'<script src="/app.js"></script>'
STYLE = b'<link rel="stylesheet" href="/app.css">'
POLICY = "default-src 'self';Upgrade-Insecure-Requests"
META = b'<meta http-equiv="Content-Security-Policy" content="upgrade-insecure-requests">'


def page(body: bytes = b"shop", status: int = 200, **headers: str) -> Answer:
    told = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Answer(status, "", "1.1", told, Blob.of(body), len(body))


def asked(answer: Answer, *, scheme: str = "http", target: Target = PORT) -> Case:
    case = case_of(BASE, target=target)
    assert case.way is not None
    told = heard(exchange.client_exchange(case, case.way), MET, End.COMPLETE, answer=answer, scheme=scheme)
    return replace(case, readings=dict([told]))


def found(case: Case) -> list[tuple[str, Outcome]]:
    return [(one.code, one.outcome) for one in application.check(case).findings]


BLOCKED = [("host-header-rejected", Outcome.BLOCKS)]
WELCOME = b"<html><title>Welcome to nginx!</title></html>"


@pytest.mark.parametrize(
    ("theirs", "ours", "says"),
    [
        (page(b""), page(), BLOCKED),
        (page(WELCOME), page(), BLOCKED),
        (page(b"<body><h1>It works!</h1>"), page(), BLOCKED),
        (page(WELCOME), page(WELCOME), []),
        (page(b""), page(b""), []),
        (page(b"", 204), page(), []),
        (page(b"another"), page(), []),
        (page(b""), page(b"no", 404), []),
    ],
)
def test_localhost_alone_gets_the_page(theirs: Answer, ours: Answer, says: list[tuple[str, Outcome]]) -> None:
    case = asked(theirs)
    assert case.way is not None
    local = heard(exchange.local_exchange(case, case.way), MET, End.COMPLETE, answer=ours)
    assert found(replace(case, readings={**case.readings, **dict([local])})) == says


UPGRADED = [("redirects-elsewhere", Outcome.BLOCKS)]


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (page(SCRIPT, Content_Security_Policy=POLICY), UPGRADED),
        (page(STYLE, content_security_policy=POLICY), UPGRADED),
        (page(META + SCRIPT), UPGRADED),
        (page(b"text", Content_Security_Policy=POLICY), []),
        (page(SCRIPT, Content_Security_Policy="default-src 'self'"), []),
        (page(SCRIPT, Content_Security_Policy_Report_Only=POLICY), []),
    ],
)
def test_browsers_load_the_parts_of_a_page_by_https(answer: Answer, says: list[tuple[str, Outcome]]) -> None:
    assert found(asked(answer)) == says


def test_over_https_nothing_is_upgraded() -> None:
    target = Target(5000, scheme="https")
    assert found(asked(page(SCRIPT, Content_Security_Policy=POLICY), scheme="https", target=target)) == []
