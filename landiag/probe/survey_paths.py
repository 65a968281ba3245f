"""The hosts of a survey: one path each, with its name, its maker, its ports and what they serve, in words."""

from __future__ import annotations

from landiag.collect.exchanges.answerers import answerers, recognise_http
from landiag.collect.exchanges.banners import recognise_banner
from landiag.collect.exchanges.http import Exchange
from landiag.collect.exchanges.names import HostNames, parse_host_names
from landiag.collect.exchanges.survey import Group, HostPorts
from landiag.collect.exchanges.tcp import TcpOutcome
from landiag.collect.makers import MAKERS, is_random, parse_makers
from landiag.collect.ports import service_name
from landiag.model.addresses import parse_ip
from landiag.model.report import Outcome, Path, Stage
from landiag.model.terms import StageName
from landiag.probe import sources
from landiag.probe.case import Case
from landiag.probe.look import Look
from landiag.probe.stages import describe_ping
from landiag.probe.survey_plan import exchange_of, hosts_of, mac_of, open_ports, survey_of

_STATES = {
    TcpOutcome.CONNECTED: ("open", "syn-ack"),
    TcpOutcome.REFUSED: ("closed", "reset"),
    TcpOutcome.NO_ANSWER: ("filtered", "no-response"),
    TcpOutcome.REJECTED: ("filtered", "icmp"),
    TcpOutcome.UNREACHABLE: ("filtered", "unreachable"),
    TcpOutcome.FAILED: ("unasked", "failed"),
}

_MADE_UP = "a made-up address"
_SHOWN_HOSTS = 12


def describe_service(exchange: Exchange | None, port: int) -> str:
    """Who answers on an open port, in a few words; empty when nothing tells."""
    attempt = exchange.best if exchange else None
    if attempt is None or (attempt.answer is None and not attempt.first.data):
        return service_name(port) or ""
    if attempt.answer is None:
        return recognise_banner(attempt.first.data) or "not a web server"
    key = recognise_http(attempt.answer.headers, attempt.answer.body.data)
    known = answerers()[key].title if key else attempt.answer.header("Server") or attempt.scheme
    return f"{known}, {attempt.answer.status}"


def host_path(case: Case, host: str, number: int) -> Path:
    """One host that is there."""
    look = Look(case, host)
    survey = survey_of(case)
    opened = [port for one, port in open_ports(case, survey) if one == host] if survey else []
    return Path(
        id=f"p{number}",
        interface=look.interface.name if look.interface else None,
        address=host,
        family=parse_ip(host).version,
        url=_url(case, host, opened),
        outcome=Outcome.OK if opened else Outcome.BLOCKS,
        stages=(
            *_name(case, host),
            *_neighbour(case, host),
            *_icmp(look),
            tcp_stage(case, host),
            *_http(case, host, opened),
        ),
    )


def _url(case: Case, host: str, opened: list[int]) -> str | None:
    for port in opened:
        exchange = exchange_of(case, host, port)
        if exchange is not None and exchange.best.answer is not None:
            return f"{exchange.best.scheme}://{exchange.host}{exchange.path}"
    return None


def _name(case: Case, host: str) -> tuple[Stage, ...]:
    if case.request.name is not None:
        return (Stage(StageName.NAME, Outcome.OK, f"{case.request.name} is {host}"),)
    known = case.known(sources.host_names(hosts_of(case) or ()), parse_host_names)
    name = known.names.get(host) if isinstance(known, HostNames) else None
    return (Stage(StageName.NAME, Outcome.OK, name),) if name else ()


def describe_hosts(case: Case, hosts: tuple[str, ...]) -> str:
    """The hosts that are there, with the names and makers that are known; the first of many."""
    shown = ", ".join(f"{host}{_who(case, host)}" for host in hosts[:_SHOWN_HOSTS])
    more = f" and {len(hosts) - _SHOWN_HOSTS} more" if len(hosts) > _SHOWN_HOSTS else ""
    return f"{len(hosts)} host{'s are' if len(hosts) != 1 else ' is'} there: {shown}{more}"


def _who(case: Case, host: str) -> str:
    """What is known of a host, in parentheses: the router, its name, its maker."""
    gateway = case.gateway(parse_ip(host).version)
    known = ["the router"] if gateway and str(gateway[0]) == host else []
    known += [stage.detail for stage in _name(case, host)]
    makers = (stage.detail.partition(" (")[2].removesuffix(")") for stage in _neighbour(case, host))
    known += [maker for maker in makers if maker and maker != _MADE_UP]
    return f" ({', '.join(known)})" if known else ""


def _neighbour(case: Case, host: str) -> tuple[Stage, ...]:
    mac = mac_of(case, host)
    if mac is None:
        return ()
    if is_random(mac):
        return (Stage(StageName.NEIGHBOUR, Outcome.OK, f"{mac} ({_MADE_UP})"),)
    makers = case.known(MAKERS[0], lambda text: parse_makers(text, (mac,))) or {}
    return (Stage(StageName.NEIGHBOUR, Outcome.OK, f"{mac} ({makers[mac]})" if mac in makers else mac),)


def _icmp(look: Look) -> tuple[Stage, ...]:
    ping = look.ping
    if ping is None:
        return ()
    return (Stage(StageName.ICMP, Outcome.OK if ping.rtts else Outcome.WARNS, describe_ping(ping)),)


def tcp_stage(case: Case, host: str) -> Stage:
    """What the ports of a host said."""
    survey = survey_of(case)
    known = next((one for one in survey.hosts if one.address == host), None) if survey else None
    if known is None or not known.groups:
        return Stage(StageName.TCP, Outcome.UNKNOWN, "not asked")
    outcome = Outcome.OK if known.ports(TcpOutcome.CONNECTED) else Outcome.BLOCKS
    untried = f"; {survey.untried} not asked for want of time" if survey and survey.untried else ""
    return Stage(StageName.TCP, outcome, describe_ports(known) + untried)


def describe_ports(known: HostPorts) -> str:
    """The ports in nmap's words: ``open 5000 (syn-ack); closed 1-4999,5001-65535 (65534 ports: reset)``."""
    ordered = sorted(known.groups, key=lambda group: list(_STATES).index(group.outcome))
    return "; ".join(_group(group) for group in ordered)


def _group(group: Group) -> str:
    state, reason = _STATES[group.outcome]
    if group.icmp is not None:
        reason = f"{group.icmp.word} from {group.icmp.sender}"
    elif group.error:
        reason = group.error
    ports = group.ports if len(group.ports) <= 200 else group.ports[:200].rpartition(",")[0] + ",..."
    count = "" if group.count == 1 else f"{group.count} ports: "
    return f"{state} {ports} ({count}{reason})"


def _http(case: Case, host: str, opened: list[int]) -> tuple[Stage, ...]:
    said = [(port, describe_service(exchange_of(case, host, port), port)) for port in opened]
    shown = "; ".join(f"{port}: {who}" for port, who in said if who)
    return (Stage(StageName.HTTP, Outcome.OK, shown),) if shown else ()
