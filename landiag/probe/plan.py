"""What to read next, from what is known: pure, and the same for a live host and a recording."""

from __future__ import annotations

from collections.abc import Iterator

from landiag.collect import names
from landiag.collect.exchanges.http import Attempt, End
from landiag.collect.exchanges.message import header
from landiag.collect.exchanges.placeholder import placeholder_in
from landiag.collect.exchanges.proxies import proxy_for
from landiag.collect.exchanges.redirect import redirect_target
from landiag.model.facts import Call, Source
from landiag.probe import sources
from landiag.probe.case import Case
from landiag.probe.client import RESOLVED
from landiag.probe.look import Look
from landiag.probe.own_rules import plan_own

DEBUGGER_ASSET = "/?__debugger__=yes&cmd=resource&f=style.css"
"""A style sheet of Werkzeug's debugger: served to anybody, asks for no PIN, runs nothing."""

SMALL_SEGMENT = "536"
"""A segment size that passes every path (RFC 1122), announced to find out whether larger ones vanish."""

REFUSING = (400, 403, 404, 421)
"""Statuses with which applications turn away a Host that they do not know."""

MOST_NEIGHBOURS = 4
"""How many other hosts are asked whether they are there, when the target is not."""


def plan(case: Case) -> tuple[Source, ...]:
    """Everything that is worth reading by now; what was read already stays in the list."""
    wanted = [*case.facts_sources]
    request = case.request
    if request.name is not None:
        wanted += [names.resolve(request.name, case.family_word), names.RESOLV_CONF, *names.UPLINKS]
        if (asked := case.name_servers_source()) is not None:
            wanted.append(asked)
    looks = [Look(case, address) for address in case.addresses if not case.is_own(address)]
    for look in looks:
        wanted += plan_look(look)
    if all(look.exchange is not None and not look.connected for look in looks):
        for address in case.alternatives:
            wanted += plan_look(Look(case, address))
    return tuple(wanted)


def plan_look(look: Look) -> Iterator[Source]:
    """What to ask one address for the one port that the verdict speaks of."""
    yield look.http_source()
    if look.case.request.icmp:
        yield look.ping_source()
    if (arp := look.arp_source()) is not None:
        yield arp
    if look.exchange is None or look.case.machine is None:
        return
    yield look.case.neighbours_source()
    if look.connected:
        yield from _plan_connected(look)
    else:
        yield from _plan_failed(look)


def _plan_failed(look: Look) -> Iterator[Source]:
    """Who stands in the way, when no connection came about."""
    case = look.case
    yield from plan_own(look)
    if case.privileged and (look.answers_something or look.owners or not look.on_link):
        yield look.syn_source()
    if not look.is_lost:
        return
    yield look.second_source()
    yield look.control_source()
    if not look.on_link:
        yield look.trace_source()
    yield from _plan_neighbourhood(look)
    if case.exchange(look.second_source()) is not None:
        yield case.neighbours_source("late")


def _plan_neighbourhood(look: Look) -> Iterator[Source]:
    """Whether the gateway and others are there: it tells a target that is off from one that is kept apart."""
    if not look.case.request.icmp:
        return
    for address in neighbourhood(look):
        yield sources.ping(address, look.case.place, "other")


def neighbourhood(look: Look) -> tuple[str, ...]:
    """The gateway, then others on the same link that were there before."""
    case = look.case
    gateway = case.gateway(look.ip.version)
    first = (str(gateway[0]),) if gateway else ()
    device = look.interface.name if look.interface else None
    others = [
        str(entry.address)
        for entry in case.neighbours()
        if entry.device == device
        and entry.address.version == look.ip.version
        and entry.address != look.ip
        and str(entry.address) not in first
        and not entry.address.is_multicast
        and entry.mac
        and set(entry.states) & set(RESOLVED)
    ]
    return (*first, *others[:MOST_NEIGHBOURS])


def _plan_connected(look: Look) -> Iterator[Source]:
    """What else to ask a server that accepted the connection."""
    attempt = look.attempt
    assert attempt is not None
    if look.case.request.icmp and look.ping is not None and look.ping.rtts:
        yield look.mtu_source()
    if look.is_starved:
        yield look.http_source(mss=SMALL_SEGMENT)
        if (small := look.case.exchange(look.http_source(mss=SMALL_SEGMENT))) and small.best.answer:
            yield look.http_source(again="1")
    if attempt.end in (End.CLOSED_EMPTY, End.RESET) and look.case.request.scheme in ("auto", "http"):
        yield look.http_source(scheme="uwsgi")
        yield local_source(look, attempt.scheme)
        if look.case.request.scheme == "auto":
            yield look.http_source(scheme="tcp")
    yield from _plan_proxy(look, attempt)
    if attempt.answer is not None:
        yield from _plan_answer(look, attempt)


def _plan_proxy(look: Look, attempt: Attempt) -> Iterator[Source]:
    """The same request by way of the proxy that programs here would use."""
    source = proxy_source(look, "https" if attempt.speaks_tls else "http")
    if source is not None:
        yield source


def proxy_source(look: Look, scheme: str) -> Call | None:
    """The request by way of the proxy; None without one, and for proxies that are SOCKS or names."""
    case = look.case
    if case.proxies is None:
        return None
    host = case.request.name or str(look.ip)
    proxy = proxy_for(case.proxies, scheme, host)
    if proxy is None or scheme != "http" or not proxy.is_numeric or not proxy.speaks_http:
        return None
    target = f"http://{look.host_header}{case.request.path}"
    return sources.http(
        proxy.host, proxy.port, "http", case.request.path, look.host_header, case.place, target=target
    )


def _plan_answer(look: Look, attempt: Attempt) -> Iterator[Source]:
    """What an HTTP answer makes worth asking."""
    answer = attempt.answer
    assert answer is not None
    scheme = attempt.scheme
    if answer.status in REFUSING or placeholder_in(attempt) is not None:
        yield local_source(look, scheme)
    if (header(answer.headers, "Server") or "").startswith("Werkzeug/"):
        yield look.http_source(scheme=scheme, path=DEBUGGER_ASSET)
    target = redirect_target(attempt, look.host_header, look.case.request.path)
    if target is not None and target.is_asked:
        yield redirect_source(look, attempt)
    elif target is not None and target.is_name:
        yield names.resolve(target.host, "")


def local_source(look: Look, scheme: str) -> Call:
    """The same request with ``localhost`` as the Host: what a refusal is compared with."""
    return look.http_source(scheme=scheme, host=f"localhost:{look.case.request.port}")


def redirect_source(look: Look, attempt: Attempt) -> Call:
    """The request that follows a redirection to the same host, or to another address."""
    target = redirect_target(attempt, look.host_header, look.case.request.path)
    assert target is not None
    address = target.address or look.address
    more = {"sni": target.host} if target.address is None else {}
    return sources.http(
        address, target.port, target.scheme, target.path, target.host_header, look.case.place, **more
    )
