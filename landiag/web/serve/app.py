"""The page's Flask application: for phones what they need, the report for the person at the computer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
from msgspec import Meta, Struct

from landiag.render.advice import fix_lines
from landiag.render.escape import escape_text
from landiag.render.headline import headline, second_lines
from landiag.render.style import Style
from landiag.web.serve.judge import Answer, Measured, Met
from landiag.web.serve.state import Phone, State, is_same
from landiag.web.serve.visitor import agent_of, host_of, plain_address, target_of
from landiag.web.serve.waiting import prefix_of

if TYPE_CHECKING:
    from flask import Flask, Response

PAGES = Path(__file__).with_name("pages")
MAX_BODY = 8 * 1024
SILENT_SECONDS = 4.0
"""How long a phone waits for an answer; a browser retransmits its SYN after one second and after three."""

_KINDS = {"css": "text/css", "js": "text/javascript"}


class _Result(Struct, forbid_unknown_fields=True):
    target: Annotated[int, Meta(ge=0, le=63)]
    met: Met
    ms: Annotated[int, Meta(ge=0, le=600_000)] = 0


class _Results(Struct, forbid_unknown_fields=True):
    results: Annotated[list[_Result], Meta(max_length=64)]


class Hosts(Struct, frozen=True):
    """The names by which this page may be asked for: any other is a rebound name of a hostile page."""

    names: frozenset[str]
    loopback: frozenset[str] = frozenset(("localhost", "127.0.0.1", "::1"))


def make_app(state: State, hosts: Hosts) -> Flask:
    """Make the application. It reads and changes nothing but ``state``."""
    from flask import Flask

    app = Flask(__name__, static_folder=None, template_folder=str(PAGES))
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY
    _protect(app, state, hosts)
    _serve_phones(app, state)
    _serve_owner(app, state)
    return app


def _protect(app: Flask, state: State, hosts: Hosts) -> None:
    """Guard every request and harden every answer."""
    from flask import abort, request

    @app.before_request
    def guard() -> None:
        if not state.may_ask(prefix_of(plain_address(request.remote_addr or ""))):
            abort(429)
        if host_of(request.host) not in hosts.names | hosts.loopback:
            abort(400)

    @app.after_request
    def harden(response: Response) -> Response:
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        return response

    @app.errorhandler(Exception)
    def explain(error: Exception) -> tuple[str, int, dict[str, str]]:
        code = getattr(error, "code", None) or 500
        return f"{code}\n", int(code), {"Content-Type": "text/plain; charset=utf-8"}


def _serve_phones(app: Flask, state: State) -> None:
    """The pages for phones, behind their token."""
    from flask import abort, jsonify, render_template, request

    def check(token: str) -> None:
        if not is_same(token, state.tokens.phone):
            abort(404)

    @app.get("/t/<token>/")
    def phone_page(token: str) -> Response:
        check(token)
        address = plain_address(request.remote_addr or "")
        target = target_of(state, host_of(request.host))
        phone = state.arrive(address, agent_of(request.user_agent.string), target)
        page = render_template("phone.html", data=phone_data(state, phone.id), port=state.scene.port)
        return with_policy(page, phone_policy(state.scene.urls))

    @app.post("/t/<token>/results/<name>")
    def results(token: str, name: str) -> Response:
        check(token)
        answer = state.measure(name, parse_results(request.get_data(), len(state.scene.urls)))
        return jsonify(answer_json(answer) if answer else abort(404))

    @app.get("/t/<token>/answer/<name>")
    def answer(token: str, name: str) -> Response:
        check(token)
        found = state.answer(name)
        return jsonify(answer_json(found) if found else abort(404))

    @app.get("/t/<token>/<file>")
    def phone_file(token: str, file: str) -> Response:
        check(token)
        return asset(file, ("page.css", "phone.js"))


def _serve_owner(app: Flask, state: State) -> None:
    """The pages for the person at the computer, behind the second token: other users of it have no business here."""
    from flask import abort, render_template

    def check(token: str) -> None:
        if not is_same(token, state.tokens.owner):
            abort(404)

    @app.get("/o/<token>/")
    def owner_page(token: str) -> Response:
        check(token)
        page = render_template("owner.html", port=state.scene.port, data=owner_json(state))
        return with_policy(page, OWNER_POLICY)

    @app.get("/o/<token>/report")
    def report(token: str) -> Response:
        check(token)
        return report_page(state)

    @app.get("/o/<token>/events")
    def events(token: str) -> Response:
        check(token)
        if not state.viewers.acquire(blocking=False):
            abort(503)
        return stream(state)

    @app.get("/o/<token>/<file>")
    def owner_file(token: str, file: str) -> Response:
        check(token)
        return asset(file, ("page.css", "owner.js"))


def phone_data(state: State, name: str) -> dict[str, object]:
    """What a phone's page is given: the URLs to try, and nothing else about this machine."""
    return {
        "id": name,
        "port": state.scene.port,
        "same": state.scene.port == state.scene.page_port,
        "wait": int(SILENT_SECONDS * 1000),
        "urls": state.scene.urls,
    }


def parse_results(body: bytes, count: int) -> tuple[Measured, ...]:
    """Read what a phone posts; anything of another shape is answered 400."""
    from flask import abort

    try:
        given = msgspec.json.decode(body, type=_Results)
    except msgspec.DecodeError:
        abort(400)
    known = [one for one in given.results if one.target < count]
    return tuple(Measured(one.target, one.met, one.ms) for one in known)


HEADERS = {
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
"""The headers of every answer. They say nothing of this machine: whoever knows no token gets them too."""

_OWN_FILES = "default-src 'none'; script-src 'self'; style-src 'self'; base-uri 'none'; form-action 'none'"
OWNER_POLICY = f"{_OWN_FILES}; connect-src 'self'; frame-src 'self'; frame-ancestors 'none'"


def phone_policy(urls: tuple[str, ...]) -> str:
    """The policy of the phones' page: no third party, no script but our own; only the server's URLs may be tried."""
    places = " ".join(sorted({_place(url) for url in urls}))
    return f"{_OWN_FILES}; connect-src 'self' {places}; img-src 'self' {places}; frame-ancestors 'none'"


def with_policy(page: str, policy: str) -> Response:
    """A page with its content security policy."""
    from flask import Response

    return Response(page, headers={"Content-Security-Policy": policy})


def _place(url: str) -> str:
    """Name a URL's server as the policy does: it has no way to write an IPv6 address (CSP 3, section 2.3.1)."""
    scheme, _, rest = url.partition("://")
    host = rest.partition("/")[0]
    return f"{scheme}://*{host.rpartition(']')[2]}" if host.startswith("[") else f"{scheme}://{host}"


def asset(file: str, allowed: tuple[str, ...]) -> Response:
    """Answer with one of the page's own files; 404 for any other name."""
    from flask import Response, abort

    if file not in allowed:
        abort(404)
    kind = _KINDS[file.rpartition(".")[2]]
    return Response((PAGES / file).read_bytes(), content_type=f"{kind}; charset=utf-8")


def report_page(state: State) -> Response:
    """The report below the verdict, which the local page itself says, shown inside that page."""
    from flask import Response

    from landiag.render.html import page, render_below
    from landiag.render.markup import element

    report = state.report
    text = render_below(report) if report else page("landiag", element("p", "The check is not done yet."))
    answer = Response(text, content_type="text/html; charset=utf-8")
    answer.headers["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
    )
    return answer


def stream(state: State) -> Response:
    """Server-sent events for a local viewer: the arrivals, whenever something is new."""
    from flask import Response

    def pieces() -> Iterator[bytes]:
        seen = -1
        while not state.is_over:
            new = state.wait(seen, 10.0)
            text = json.dumps(owner_json(state)) if new != seen else ""
            seen = new
            yield f"data: {text}\n\n".encode() if text else b": still here\n\n"

    answer = Response(pieces(), content_type="text/event-stream")
    answer.call_on_close(state.viewers.release)
    return answer


def answer_json(answer: Answer) -> dict[str, object]:
    """What a phone is told, as JSON."""
    return {
        "status": answer.status,
        "headline": answer.headline,
        "detail": answer.detail,
        "url": answer.url,
        "final": answer.is_final,
    }


def owner_json(state: State) -> dict[str, object]:
    """What the person at the computer sees of the arrivals."""
    report = state.report
    return {
        "verdict": None if report is None else report.verdict.status.value,
        "summary": None if report is None else escape_text(headline(report)),
        "detail": "" if report is None else escape_text(" ".join(second_lines(report))),
        "fix": [] if report is None else [escape_text(line) for line in fix_lines(report, Style(1000))],
        "created": None if report is None else report.created,
        "stuck": [escape_text(one.summary) for one in state.stuck[-20:]],
        "phones": [_phone_json(phone, state.scene.urls) for phone in state.phones[-50:]],
    }


def _phone_json(phone: Phone, urls: tuple[str, ...]) -> dict[str, object]:
    return {
        "address": phone.address,
        "agent": phone.agent,
        "at": int(phone.at),
        "met": [f"{urls[one.target]}: {one.met.value} after {one.milliseconds} ms" for one in phone.measured],
        "status": phone.answer.status if phone.answer else "open",
        "answer": phone.answer.headline if phone.answer else "is trying",
    }
