"""What the server said, and whether a browser would show it."""

from __future__ import annotations

from datetime import datetime

from landiag.collect.exchanges.http import Attempt, End, Exchange
from landiag.collect.exchanges.proxies import proxy_for
from landiag.collect.exchanges.tcp import TcpOutcome
from landiag.collect.exchanges.x509 import Certificate
from landiag.collect.ports import is_unsafe_in_browsers
from landiag.model.report import Evidence, Finding, Outcome
from landiag.probe.findings import answer_evidence, blocks, do, unsure, warns
from landiag.probe.judge_answer import check_page, check_redirect, check_status
from landiag.probe.judge_page import check_other_page, check_upgrade
from landiag.probe.judge_silence import eats_large_packets, judge_path_mtu, judge_silence
from landiag.probe.look import Look
from landiag.probe.plan import DEBUGGER_ASSET, proxy_source


def judge_application(look: Look) -> list[Finding]:
    """Everything that the exchange shows about the server; empty where none was connected."""
    exchange, attempt = look.exchange, look.attempt
    if exchange is None or attempt is None or not look.connected:
        return []
    if attempt.answer is None:
        return judge_silence(look, exchange, attempt)
    return [
        *_check_scheme(look, exchange, attempt),
        *_check_who(look, exchange, attempt),
        *_check_unsafe_port(look),
        *check_status(look, exchange, attempt),
        *check_redirect(look, exchange, attempt),
        *check_page(exchange, attempt),
        *check_other_page(look, exchange, attempt),
        *check_upgrade(look, exchange, attempt),
        *_check_whole(look, exchange, attempt),
        *_check_proxy(look, attempt),
        *_check_debugger(look, attempt),
    ]


def serves(look: Look) -> bool:
    """Whether the port does what was asked of it: the request of a browser succeeds, or the connection alone."""
    return look.connected and not any(
        finding.outcome is Outcome.BLOCKS for finding in judge_application(look)
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
    from landiag.collect.exchanges.answerers import (  # a table to parse, for answers alone
        answerers,
        recognise_http,
    )

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


def _check_whole(look: Look, exchange: Exchange, attempt: Attempt) -> list[Finding]:
    """An answer that began and did not end."""
    if attempt.end is End.STALLED:
        if eats_large_packets(look):
            return [judge_path_mtu(look, exchange, attempt)]
        if attempt.answer is not None and not attempt.breaks_off:
            return []  # a stream: it has no end
        title = f"the server began its answer and did not end it within {attempt.seconds:.0f} s"
        return [
            unsure("server-silent", title, "It is slow, or it hangs.", (answer_evidence(exchange, attempt),))
        ]
    if attempt.breaks_off:
        title = "the connection broke within the answer"
        detail = "The server fails in the middle of it, or something between cuts it off."
        return [unsure("connection-reset", title, detail, (answer_evidence(exchange, attempt),))]
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
    if case.proxies is not None and (script := case.proxies.settings.get("autoconfig_url")):
        title = (
            f"a script chooses the proxies of programs here: whether one stands before {host} is not known"
        )
        detail = "Asked straight, the server answers; a browser may ask a proxy instead."
        return [warns("proxy-in-the-way", title, detail, (Evidence(case.proxies.origin, script),))]
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
        return f"cannot be reached ({asked.best.connect.outcome.words})"
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
            "Werkzeug's debugger answers this machine: anyone who reaches this port can try to run code on the server",
            "Its PIN is the only lock. Run without debug mode while other devices can connect.",
            (answer_evidence(found, found.best),),
            (do("Run without the debugger", "Start without --debug (FLASK_DEBUG=0, app.run(debug=False))."),),
        )
    ]
