"""A connection without a whole HTTP answer: another protocol, a server that hangs, large packets that vanish."""

from __future__ import annotations

from msgspec.structs import replace

from landiag.collect.exchanges.banners import QUIET_PORTS, begins_a_page, recognise_banner
from landiag.collect.exchanges.http import Attempt, End, Exchange
from landiag.collect.exchanges.refusals import find_refusal
from landiag.model.report import Evidence, Finding, Fix
from landiag.model.terms import Symptom
from landiag.probe.findings import answer_evidence, blocks, do, on_server, turned_away, unsure, warns
from landiag.probe.judge_answer import host_rejected
from landiag.probe.look import Look
from landiag.probe.plan import SMALL_SEGMENT, local_source


def judge_silence(look: Look, exchange: Exchange, attempt: Attempt) -> list[Finding]:
    """A connection on which no HTTP answer came."""
    request, evidence = look.case.request, (answer_evidence(exchange, attempt),)
    if request.scheme == "tcp":
        return []
    if _begins_http(attempt.first.data):
        return [_unfinished(look, attempt, evidence)]
    refusal = find_refusal(attempt.first.data)
    if refusal is not None:
        return [turned_away(refusal, evidence)]
    banner = recognise_banner(attempt.first.data)
    if attempt.first.data or banner:
        if request.scheme == "auto" and banner:
            return []
        who = banner or "something that is no web server"
        title = f"{who} answers on port {request.port}: browsers cannot talk to it"
        said = f"It begins with {attempt.first.data[:40]!r}."
        if request.scheme == "auto" and not begins_a_page(attempt.first.data):
            return [unsure("not-http", title, f"{said} {_FINE_FOR_OTHERS}", evidence, (_as_other(look),))]
        return [blocks("not-http", title, said, evidence)]
    if attempt.end is End.SILENT:
        return [_silent(look, exchange, attempt)]
    if request.port in QUIET_PORTS and request.scheme == "auto":
        return []
    return [_hangs_up(look, exchange, attempt)]


_FINE_FOR_OTHERS = "If no web server is meant, other programs may well reach it."


def _begins_http(data: bytes) -> bool:
    return bool(data) and (data.startswith(b"HTTP/") or b"HTTP/".startswith(data))


def _unfinished(look: Look, attempt: Attempt, evidence: tuple[Evidence, ...]) -> Finding:
    """An answer that begins as HTTP, and whose headers never end."""
    if attempt.end is End.TOO_LARGE:
        title = f"the answer on port {look.case.request.port} has headers without end: browsers give up"
        return blocks("not-http", title, "", evidence)
    port = look.case.request.port
    title = f"the server begins to answer on port {port}, and its headers do not end within {attempt.seconds:.0f} s"
    detail = "It may be overloaded, or send byte by byte; or something on the way holds the rest back."
    return blocks("server-silent", title, detail, evidence, (on_server(look.case.request.port),))


def _silent(look: Look, exchange: Exchange, attempt: Attempt) -> Finding:
    if eats_large_packets(look):
        return judge_path_mtu(look, exchange, attempt)
    again = look.case.exchange(look.http_source(again="1"))
    if again is not None and again.best.answer is not None:
        title = f"the server was slow: no answer within {attempt.seconds:.0f} s, then it came"
        return warns("server-silent", title, "", (answer_evidence(exchange, attempt),))
    port, evidence = look.case.request.port, (answer_evidence(exchange, attempt),)
    title = f"port {port} accepts the connection, but no answer comes within {attempt.seconds:.0f} s"
    if attempt.confirmed is False:
        title = f"port {port} accepts the connection, but what is sent on it is lost"
        detail = (
            "The server's machine has confirmed nothing of the request. A firewall lets the connection begin and "
            "drops what follows."
        )
        return blocks("server-silent", title, detail, evidence, (on_server(port),))
    detail = "The server may take longer than that, be busy with another request, stopped, or waiting in a debugger."
    return unsure("server-silent", title, detail, evidence, (on_server(port),))


def _hangs_up(look: Look, exchange: Exchange, attempt: Attempt) -> Finding:
    """Accepted, then closed or reset without a byte."""
    port, evidence = look.case.request.port, (answer_evidence(exchange, attempt),)
    local = look.case.exchange(local_source(look, attempt.scheme))
    if local is not None and local.best.answer is not None and local.best.answer.status < 400:
        found = host_rejected(look, exchange, attempt, answer_evidence(local, local.best))
        return replace(found, symptom=Symptom.RESET)
    uwsgi = look.case.exchange(look.http_source(scheme="uwsgi"))
    speaks_http = uwsgi is not None and _is_misunderstood(uwsgi)
    if uwsgi is not None and uwsgi.best.answer is not None and not speaks_http:
        return blocks(
            "not-http",
            f"a uWSGI server answers on port {port} in its own protocol: browsers get nothing from it",
            "It was started with --socket, which is for a web server in front of it.",
            (*evidence, answer_evidence(uwsgi, uwsgi.best)),
            (do("Let uWSGI speak HTTP", "Start it with --http (or --http-socket) instead of --socket."),),
        )
    if attempt.tls is not None and attempt.tls.version is not None:
        title = f"port {port} speaks TLS and hangs up without an answer"
    elif speaks_http:
        title = (
            f"a web server has port {port}, and hangs up on requests for {look.host_header} without a byte"
        )
    elif _waits_to_be_spoken_to(look):
        return _other_protocol(look, evidence)
    else:
        title = f"port {port} accepts the connection and hangs up without a byte"
    return blocks(
        "connection-reset",
        title,
        "A forwarder without a server behind it does that (a container whose program listens on 127.0.0.1, a "
        "stopped program behind a proxy), and so does a server that speaks another protocol.",
        evidence,
        (on_server(port), _as_other(look)),
    )


def _waits_to_be_spoken_to(look: Look) -> bool:
    """Whether the server hangs up on the request, and on nobody who says nothing: a program is there that listens."""
    unasked = look.case.exchange(look.http_source(scheme="tcp"))
    return unasked is not None and unasked.best.end is End.SILENT


def _other_protocol(look: Look, evidence: tuple[Evidence, ...]) -> Finding:
    """It may be a database or a broker, for which all is well, or a web server that fails at this request."""
    port = look.case.request.port
    return unsure(
        "connection-reset",
        f"port {port} accepts the connection, waits, and hangs up on web requests without a byte",
        "A database or a broker does that, and other programs may reach it; a web server that does it is broken.",
        evidence,
        (_as_other(look), on_server(port)),
    )


def _as_other(look: Look) -> Fix:
    """How a server is asked that is none of the web: it hangs up on whoever speaks HTTP to it."""
    line = f"landiag probe {look.address} --port {look.case.request.port} --scheme tcp"
    return do(
        "Is it no web server?",
        f"Databases and brokers do not talk to browsers. Ask for the connection alone: {line}",
    )


def _is_misunderstood(uwsgi: Exchange) -> bool:
    """Whether a question in uWSGI's protocol got what web servers say to anything that is not HTTP."""
    return uwsgi.best.answer is not None and uwsgi.best.answer.status == 400


def _small(look: Look) -> Exchange | None:
    return look.case.exchange(look.http_source(mss=SMALL_SEGMENT))


def eats_large_packets(look: Look) -> bool:
    """Whether the answer comes in small packets and, asked again, still not in large ones."""
    small, again = _small(look), look.case.exchange(look.http_source(again="1"))
    if small is None or small.best.end is not End.COMPLETE:
        return False
    return again is not None and again.best.end in (End.SILENT, End.STALLED)


def judge_path_mtu(look: Look, exchange: Exchange, attempt: Attempt) -> Finding:
    """Large packets vanish: small segments brought the answer that did not come otherwise."""
    small = _small(look)
    assert small is not None
    sizes = look.mtu
    evidence = [
        answer_evidence(exchange, attempt),
        Evidence("announcing segments of 536 bytes", "the answer comes"),
    ]
    if sizes is not None and sizes.passes and sizes.vanishes:
        evidence.append(
            Evidence("ping with large packets", f"{sizes.passes} bytes pass, {sizes.vanishes} vanish")
        )
    return blocks(
        "path-mtu",
        "small answers come through, large ones vanish: the path takes smaller packets than the server sends",
        "Somewhere on the way packets must be smaller, and the message that says so is lost.",
        tuple(evidence),
        (
            do(
                "Make packets smaller",
                "On the router: clamp the MSS to the path MTU, or let ICMP 'fragmentation needed' pass;",
                "or set the server's interface to the smaller MTU.",
            ),
        ),
    )
