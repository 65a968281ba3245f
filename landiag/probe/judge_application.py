"""What the server said, and whether a browser would show it."""

from __future__ import annotations

import re
from datetime import datetime

from landiag.collect.answers import answerers, recognise_http
from landiag.collect.ports import is_unsafe_in_browsers
from landiag.model.report import Evidence, Finding, Fix
from landiag.probe.findings import answer_evidence, blocks, do, on_server, warns
from landiag.probe.http import Answer, Attempt, End, Exchange
from landiag.probe.look import Look
from landiag.probe.plan import DEBUGGER_ASSET, REFUSING, SMALL_SEGMENT, proxy_source, redirect_source
from landiag.probe.proxies import proxy_for
from landiag.probe.redirect import redirect_target
from landiag.probe.tcp import TcpOutcome
from landiag.probe.x509 import Certificate

_LOCAL_URL = re.compile(
    r"(?:https?|wss?)://(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1\])(?::\d+)?", re.IGNORECASE
)

_HOST_REFUSALS = (
    "invalid host header",
    "invalid http_host header",
    "blocked request. this host",
    "blocked host",
    "is not trusted",
    "disallowedhost",
)
"""What webpack, Django, Vite, Rails and Flask say when they do not know the Host."""

_BANNERS = (
    (re.compile(rb"SSH-\d"), "SSH"),
    (re.compile(rb"220[ -].*(?:SMTP|ESMTP|mail)", re.IGNORECASE), "a mail server"),
    (re.compile(rb"220[ -]"), "an FTP or mail server"),
    (re.compile(rb"\+OK"), "a POP3 server"),
    (re.compile(rb"\* OK"), "an IMAP server"),
    (re.compile(rb"-(?:ERR|NOAUTH|DENIED)"), "Redis"),
    (re.compile(rb"ERROR\r\n"), "memcached"),
    (re.compile(rb"RFB \d"), "VNC"),
    (re.compile(rb"AMQP"), "RabbitMQ"),
    (re.compile(rb"RTSP/"), "an RTSP camera or player"),
    (re.compile(rb".{3}\0(?:\x0a|\xff)", re.DOTALL), "MySQL or MariaDB"),
    (re.compile(rb"\0\0.\x04", re.DOTALL), "an HTTP/2 server that needs TLS or gRPC"),
)
"""How servers that are not for browsers begin to speak."""

_QUIET_PORTS = {
    3306: "MySQL",
    5432: "PostgreSQL",
    1433: "SQL Server",
    27017: "MongoDB",
    1883: "MQTT",
    5672: "AMQP",
}
"""Ports whose usual servers do not speak first and hang up on HTTP."""


def recognise_banner(first: bytes) -> str | None:
    """What a server is that began like this; None when it is nobody known."""
    return next((name for pattern, name in _BANNERS if pattern.match(first)), None)


def judge_application(look: Look) -> list[Finding]:
    """Everything that the exchange shows about the server; empty where none was connected."""
    exchange, attempt = look.exchange, look.attempt
    if exchange is None or attempt is None or not look.connected:
        return []
    if attempt.answer is None:
        return _judge_silence(look, exchange, attempt)
    return [
        *_check_scheme(look, exchange, attempt),
        *_check_who(look, exchange, attempt),
        *_check_unsafe_port(look),
        *_check_status(look, exchange, attempt),
        *_check_redirect(look, exchange, attempt),
        *_check_page(exchange, attempt),
        *_check_whole(look, exchange, attempt),
        *_check_proxy(look, attempt),
        *_check_debugger(look, attempt),
    ]


def serves(look: Look) -> bool:
    """Whether the port does what was asked of it: the request of a browser succeeds, or the connection alone."""
    return look.connected and not any(
        finding.outcome.value == "blocks" for finding in judge_application(look)
    )


def _check_scheme(look: Look, exchange: Exchange, attempt: Attempt) -> list[Finding]:
    wanted = look.case.request.scheme
    evidence = (answer_evidence(exchange, attempt),)
    if attempt.scheme == "https" and wanted != "https":
        title = f"the server speaks HTTPS: type https://{look.host_header}/, not http://"
        make = blocks if wanted == "http" else warns
        found = [make("speaks-tls", title, _certificate_text(look, attempt), evidence)]
    elif attempt.scheme == "http" and wanted == "https":
        title = f"the server speaks plain HTTP: type http://{look.host_header}/, not https://"
        found = [blocks("speaks-tls", title, "", evidence)]
    else:
        found = []
    certificate = attempt.tls.certificate if attempt.tls else None
    if certificate is not None and wanted == "https" and (text := certificate_fault(look, certificate)):
        found.append(warns("speaks-tls", f"browsers will warn: {text}", "", evidence))
    return found


def certificate_fault(look: Look, certificate: Certificate) -> str:
    """Why a browser would not trust a certificate; empty when nothing is seen from here."""
    machine = look.case.machine
    now = machine.now if machine else 0.0
    if now and datetime.fromisoformat(certificate.not_after).timestamp() < now:
        return f"the certificate expired on {certificate.not_after[:10]}"
    if now and datetime.fromisoformat(certificate.not_before).timestamp() > now:
        return f"the certificate is not valid before {certificate.not_before[:10]} (is a clock wrong?)"
    wanted = look.case.request.name or str(look.ip)
    if not any(_name_covers(name.lower(), wanted) for name in certificate.names):
        return f"the certificate is for {', '.join(certificate.names[:4]) or 'nobody'}, not for {wanted}"
    return "the certificate is signed by itself" if certificate.self_signed else ""


def _name_covers(pattern: str, name: str) -> bool:
    return pattern == name or (pattern.startswith("*.") and name.partition(".")[2] == pattern[2:])


def _certificate_text(look: Look, attempt: Attempt) -> str:
    certificate = attempt.tls.certificate if attempt.tls else None
    return "" if certificate is None else certificate_fault(look, certificate)


def _check_who(look: Look, exchange: Exchange, attempt: Attempt) -> list[Finding]:
    """Somebody else than the server: AirPlay, a proxy, a captive portal, the router."""
    answer = attempt.answer
    assert answer is not None
    key = recognise_http(answer.headers, answer.body.data)
    known = answerers().get(key) if key else None
    evidence = (answer_evidence(exchange, attempt),)
    if answer.status == 511 or (key and "portal" in key):
        return [
            _other("a captive portal answers in the server's place: log in to this network first", evidence)
        ]
    if known is None or known.kind == "server":
        return []
    if key == "airplay":
        return [
            blocks(
                "other-server-answers",
                f"AirPlay Receiver of a Mac answers on port {look.case.request.port}, not your server",
                "macOS keeps ports 5000 and 7000 for AirPlay; your server may be reached on the Mac itself only.",
                evidence,
                (
                    do(
                        "Free the port",
                        "On that Mac: System Settings > General > AirDrop & Handoff: AirPlay Receiver off;",
                        "or let your server use another port, such as 5001.",
                    ),
                ),
            )
        ]
    if known.kind == "proxy":
        return [
            _other(f"{known.title} answers in the server's place ({answer.status} {answer.reason})", evidence)
        ]
    if known.kind == "device" and _is_gateway(look):
        return []
    title = f"{known.title} answers there: is that the server you mean?"
    return [warns("other-server-answers", title, "", evidence)]


def _other(title: str, evidence: tuple[Evidence, ...]) -> Finding:
    return blocks("other-server-answers", title, "", evidence)


def _is_gateway(look: Look) -> bool:
    gateway = look.case.gateway(look.ip.version)
    return gateway is not None and gateway[0] == look.ip


def _check_unsafe_port(look: Look) -> list[Finding]:
    port = look.case.request.port
    if not is_unsafe_in_browsers(port) or look.case.request.scheme == "tcp":
        return []
    return [
        blocks(
            "port-unsafe-in-browsers",
            f"the server answers, but browsers refuse port {port} by themselves (ERR_UNSAFE_PORT)",
            "Programs such as curl may use it. No packet of a browser ever leaves for this port.",
            (),
            (do("Use another port", "Start the server on a port such as 8080 or 5001."),),
        )
    ]


def _check_status(look: Look, exchange: Exchange, attempt: Attempt) -> list[Finding]:
    """A refusal, compared with what ``localhost`` gets: a better answer there means that the Host is refused."""
    answer = attempt.answer
    assert answer is not None
    if answer.status < 400:
        return []
    if answer.status in REFUSING:
        local = look.case.exchange(
            look.http_source(scheme=attempt.scheme, host=f"localhost:{look.case.request.port}")
        )
        if local is not None and _is_better(local.best.answer, answer):
            return [_host_rejected(look, exchange, attempt, answer_evidence(local, local.best))]
        if _says_host(answer):
            return [_host_rejected(look, exchange, attempt, None)]
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


def _host_rejected(look: Look, exchange: Exchange, attempt: Attempt, local: Evidence | None) -> Finding:
    assert attempt.answer is not None
    beside = ", while localhost gets an answer" if local else ""
    return blocks(
        "host-header-rejected",
        f"the server refuses the name {look.host_header}: it answers {attempt.answer.status}{beside}",
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


def _check_redirect(look: Look, exchange: Exchange, attempt: Attempt) -> list[Finding]:
    target = redirect_target(attempt, look.host_header, look.case.request.path)
    if target is None:
        return []
    evidence: tuple[Evidence, ...] = (answer_evidence(exchange, attempt), Evidence("Location", target.url))
    if target.is_local:
        title = f"the server sends browsers to {target.url}, which is the browser's own machine"
        return [blocks("redirects-elsewhere", title, "", evidence, (_redirect_fix(),))]
    if not target.is_asked:
        title = f"the server sends browsers on to {target.url}"
        return [warns("redirects-elsewhere", title, "Whether that name works was not tried.", evidence)]
    followed = look.case.exchange(redirect_source(look, attempt))
    if followed is None or followed.best.answer is not None:
        return []
    title = f"the server sends browsers to {target.url}, which gives no answer"
    evidence = (*evidence, answer_evidence(followed, followed.best))
    return [blocks("redirects-elsewhere", title, "", evidence, (_redirect_fix(),))]


def _redirect_fix() -> Fix:
    return do(
        "Let the application name itself as clients do",
        "Look for a setting with its own address (SERVER_NAME, PREFERRED_URL_SCHEME, BASE_URL, SITE_URL).",
    )


def _check_page(exchange: Exchange, attempt: Attempt) -> list[Finding]:
    answer = attempt.answer
    assert answer is not None
    found = _LOCAL_URL.search(answer.body.text or "")
    if found is None or answer.status >= 300:
        return []
    title = f"the page loads something from {found[0]}, which is the browser's own machine"
    detail = "The page opens, but what it loads from there does not: use addresses relative to the page."
    evidence = (answer_evidence(exchange, attempt), Evidence("the page", found[0]))
    return [warns("page-uses-localhost", title, detail, evidence)]


def _small(look: Look) -> Exchange | None:
    return look.case.exchange(look.http_source(mss=SMALL_SEGMENT))


def _eats_large_packets(look: Look) -> bool:
    """Whether the answer comes in small packets and, asked again, still not in large ones."""
    small, again = _small(look), look.case.exchange(look.http_source(again="1"))
    if small is None or small.best.end is not End.COMPLETE:
        return False
    return again is not None and again.best.end in (End.SILENT, End.STALLED)


def _path_mtu(look: Look, exchange: Exchange, attempt: Attempt) -> Finding:
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


def _check_whole(look: Look, exchange: Exchange, attempt: Attempt) -> list[Finding]:
    """An answer that began and did not end."""
    if attempt.end is End.STALLED:
        if _eats_large_packets(look):
            return [_path_mtu(look, exchange, attempt)]
        if attempt.answer is not None and attempt.answer.header("Content-Length") is None:
            return []  # a stream: it has no end
        title = "the server began its answer and then sent nothing more"
        return [warns("server-silent", title, "", (answer_evidence(exchange, attempt),))]
    if attempt.end in (End.CUT_OFF, End.RESET):
        title = "the connection broke within the answer"
        return [warns("connection-reset", title, "", (answer_evidence(exchange, attempt),))]
    return [*_check_sizes(look)]


def _check_sizes(look: Look) -> list[Finding]:
    """A black hole that this answer was too small to fall into."""
    sizes = look.mtu
    if sizes is None or not sizes.is_black_hole:
        return []
    title = f"packets of more than {sizes.passes} bytes vanish without a word on the way to {look.address}"
    detail = (
        "Small answers come through; a large page or an upload may hang. Some hosts just ignore large pings."
    )
    return [warns("path-mtu", title, detail)]


def _check_proxy(look: Look, attempt: Attempt) -> list[Finding]:
    """The proxy that programs here would use, and what they get from it."""
    case = look.case
    scheme = "https" if attempt.speaks_tls else "http"
    host = case.request.name or str(look.ip)
    proxy = proxy_for(case.proxies, scheme, host) if case.proxies else None
    if proxy is None or case.proxies is None:
        return []
    fix = do(
        "Let programs go straight to the local network",
        f"Add {host} to no_proxy (and to the exceptions of the system's proxy settings), without wildcards.",
    )
    where = f"{case.proxies.origin}: {proxy.variable}={proxy.url}"
    source = proxy_source(look, scheme)
    asked = case.exchange(source) if source else None
    if asked is None:
        title = f"programs here would ask the proxy {proxy.host}:{proxy.port} for {host}, not the server"
        detail = "Asked straight, the server answers; the proxy was not asked."
        return [warns("proxy-in-the-way", title, detail, (Evidence(where, proxy.url),), (fix,))]
    answer, own = asked.best.answer, attempt.answer
    if answer is not None and own is not None and answer.status == own.status:
        return []
    said = f"answers {answer.status} {answer.reason}" if answer else _how_it_failed(asked)
    return [
        blocks(
            "proxy-in-the-way",
            f"the proxy {proxy.host}:{proxy.port} stands in the way: it {said.strip()}, the server itself answers",
            f"Browsers and programs on this machine use it because of {proxy.variable}.",
            (Evidence(where, proxy.url), answer_evidence(asked, asked.best)),
            (fix,),
        )
    ]


def _how_it_failed(asked: Exchange) -> str:
    if asked.best.connect.outcome is not TcpOutcome.CONNECTED:
        return f"cannot be reached ({asked.best.connect.outcome.value})"
    return f"gives no answer ({asked.best.end.value})"


def _check_debugger(look: Look, attempt: Attempt) -> list[Finding]:
    found = look.case.exchange(look.http_source(scheme=attempt.scheme, path=DEBUGGER_ASSET))
    answer = found.best.answer if found else None
    if found is None or answer is None or answer.status != 200:
        return []
    if not (answer.header("Content-Type") or "").startswith("text/css"):
        return []
    return [
        warns(
            "debugger-exposed",
            "Werkzeug's debugger answers this machine: whoever reaches this port can try to run code on the server",
            "Its PIN is the only lock. Run without debug mode while other devices can connect.",
            (answer_evidence(found, found.best),),
            (do("Run without the debugger", "Start without --debug (FLASK_DEBUG=0, app.run(debug=False))."),),
        )
    ]


def _judge_silence(look: Look, exchange: Exchange, attempt: Attempt) -> list[Finding]:
    """A connection on which no HTTP answer came."""
    request, evidence = look.case.request, (answer_evidence(exchange, attempt),)
    if request.scheme == "tcp":
        return []
    banner = recognise_banner(attempt.first.data)
    if attempt.first.data or banner:
        if request.scheme == "auto" and banner:
            return []
        who = banner or "something that is no web server"
        title = f"{who} answers on port {request.port}: browsers cannot talk to it"
        return [blocks("not-http", title, f"It begins with {attempt.first.data[:40]!r}.", evidence)]
    if attempt.end is End.SILENT:
        return [_silent(look, exchange, attempt)]
    if request.port in _QUIET_PORTS and request.scheme == "auto":
        return []
    return [_hangs_up(look, exchange, attempt)]


def _silent(look: Look, exchange: Exchange, attempt: Attempt) -> Finding:
    if _eats_large_packets(look):
        return _path_mtu(look, exchange, attempt)
    again = look.case.exchange(look.http_source(again="1"))
    if again is not None and again.best.answer is not None:
        title = f"the server was slow: no answer within {attempt.seconds:.0f} s, then it came"
        return warns("server-silent", title, "", (answer_evidence(exchange, attempt),))
    return blocks(
        "server-silent",
        f"port {look.case.request.port} accepts the connection, but no answer comes within {attempt.seconds:.0f} s",
        "The server may be busy with another request, stopped, or waiting in a debugger; or a firewall on its side "
        "lets the connection begin and drops what follows.",
        (answer_evidence(exchange, attempt),),
        (on_server(look.case.request.port),),
    )


def _hangs_up(look: Look, exchange: Exchange, attempt: Attempt) -> Finding:
    """Accepted, then closed or reset without a byte."""
    port, evidence = look.case.request.port, (answer_evidence(exchange, attempt),)
    uwsgi = look.case.exchange(look.http_source(scheme="uwsgi"))
    if uwsgi is not None and uwsgi.best.answer is not None:
        return blocks(
            "not-http",
            f"a uWSGI server answers on port {port} in its own protocol: browsers get nothing from it",
            "It was started with --socket, which is for a web server in front of it.",
            (*evidence, answer_evidence(uwsgi, uwsgi.best)),
            (do("Let uWSGI speak HTTP", "Start it with --http (or --http-socket) instead of --socket."),),
        )
    if attempt.tls is not None and attempt.tls.version is not None:
        title = f"port {port} speaks TLS and hangs up without an answer"
    else:
        title = f"port {port} accepts the connection and hangs up without a byte"
    return blocks(
        "connection-reset",
        title,
        "A forwarder without a server behind it does that (a container whose program listens on 127.0.0.1, a "
        "stopped program behind a proxy), and so does a server that speaks another protocol.",
        evidence,
        (on_server(port),),
    )
