"""What a survey of many ports or hosts reads: who is there, what their ports say, and what the open ones serve."""

from __future__ import annotations

from collections.abc import Iterator

from landiag.collect import names
from landiag.collect.exchanges.arp import parse_arp
from landiag.collect.exchanges.http import Exchange
from landiag.collect.exchanges.port_ranges import format_ranges
from landiag.collect.exchanges.survey import HostPorts, Survey, parse_survey
from landiag.collect.exchanges.sweep import Sweep, parse_sweep
from landiag.collect.exchanges.tcp import TcpOutcome
from landiag.collect.makers import MAKERS
from landiag.collect.ports import development_ports
from landiag.model.addresses import parse_ip
from landiag.model.facts import Call, IPNetwork, Source
from landiag.probe import sources
from landiag.probe.case import Case
from landiag.probe.client import RESOLVED
from landiag.probe.look import Look
from landiag.probe.plan import plan_look

MOST_EXCHANGES = 16
"""How many open ports are asked what they serve."""

_NEAR, _FAR = 2000, 256
"""How many connections are under way at once: on the local link, and through a router that must survive it."""


def plan_survey(case: Case) -> tuple[Source, ...]:
    """Everything that is worth reading by now."""
    wanted: list[Source] = [*case.facts_sources]
    request = case.request
    if request.network is not None:
        wanted += _plan_network(case, request.network)
    elif request.name is not None:
        wanted += [names.resolve(request.name, case.family_word), names.RESOLV_CONF, *names.UPLINKS]
        if (asked := case.name_servers_source()) is not None:
            wanted.append(asked)
    if case.machine is None:
        return tuple(wanted)
    hosts = hosts_of(case)
    if hosts is None:
        return tuple(wanted)
    if hosts:
        wanted += _plan_hosts(case, hosts)
    return tuple(wanted)


def _plan_network(case: Case, network: IPNetwork) -> Iterator[Source]:
    """Find out who is there: ARP as root, the kernel's own ARP or a multicast without."""
    if case.machine is None:
        return
    if not network_is_on_link(case, network):
        return
    if (arp := arp_source(case, network)) is not None:
        yield arp
        answers = case.known(arp, parse_arp)
        if answers is None or answers.error is None:
            return
    yield sweep_source(case, network)
    if case.known(sweep_source(case, network), parse_sweep) is not None:
        yield case.neighbours_source()


def network_is_on_link(case: Case, network: IPNetwork) -> bool:
    """Whether the hosts of a network are asked for directly."""
    if network.is_link_local:
        return True
    first = network.network_address + 1 if network.num_addresses > 2 else network.network_address
    return case.on_link(first)


def arp_source(case: Case, network: IPNetwork) -> Call | None:
    """ARP requests of our own, which only root on Linux may send; None elsewhere."""
    if network.version == 6 or not case.privileged or case.facts.os != "linux":
        return None
    return sources.arp_sweep(others_in(case, network), case.place)


def others_in(case: Case, network: IPNetwork) -> tuple[str, ...]:
    """The addresses of an IPv4 network but our own."""
    key = f"others in {network}"
    if key not in case.parsed:
        own = {address.ip for _, address in case.own_addresses}
        others = tuple(str(address) for address in network.hosts() if address not in own)
        if not own:
            return others  # the interfaces have not been read yet
        case.parsed[key] = others
    return case.parsed[key]  # type: ignore[return-value]


def sweep_source(case: Case, network: IPNetwork) -> Call:
    """What anybody may do to find out who is there."""
    place = case.place
    if network.version == 6:
        interface = link_of(case, network)
        own = [a.ip for i, a in case.own_addresses if i.name == interface and a.ip in network]
        place = (("interface", interface), *((("source", str(own[0])),) if own else ()))
    return sources.sweep(str(network), place)


def link_of(case: Case, network: IPNetwork) -> str:
    """The interface that an IPv6 network is on."""
    if named := case.request.zone or case.request.interface:
        return named
    return next((i.name for i, own in case.own_addresses if own.ip in network), "")


def hosts_of(case: Case) -> tuple[str, ...] | None:
    """The hosts to survey; None while that is not known yet."""
    network = case.request.network
    if network is None:
        return tuple(address for address in case.addresses if not case.is_own(address))
    if not network_is_on_link(case, network):
        return others_in(case, network) if network.version == 4 else ()
    if (arp := arp_source(case, network)) is not None:
        answers = case.known(arp, parse_arp)
        if answers is None:
            return None
        if answers.error is None:
            return tuple(owner.address for owner in answers.owners)
    return _hosts_of_sweep(case, network)


def _hosts_of_sweep(case: Case, network: IPNetwork) -> tuple[str, ...] | None:
    swept = case.parse(sweep_source(case, network), parse_sweep)
    if swept is None or case.readings.get(case.neighbours_source().name) is None:
        return None
    own = {address.ip for _, address in case.own_addresses}
    answered = [parse_ip(address) for address in swept.answered] if isinstance(swept, Sweep) else []
    found = {address for address in answered if address in network}
    for entry in case.neighbours():
        if entry.address in network and set(entry.states) & set(RESOLVED) and entry.mac:
            found.add(entry.address)
    zone = f"%{link_of(case, network)}" if network.is_link_local else ""
    return tuple(f"{address}{zone}" for address in sorted(found - own))


def alive_hosts(case: Case) -> tuple[str, ...]:
    """The hosts that are there: all that were found on the link, or behind a router those that answered."""
    hosts, network, survey = hosts_of(case) or (), case.request.network, survey_of(case)
    if network is None or network_is_on_link(case, network):
        return hosts
    answered = {one.address for one in survey.hosts if _answered(one)} if survey else set()
    return tuple(host for host in hosts if host in answered)


def _answered(host: HostPorts) -> bool:
    """Whether a host itself said anything."""
    own = any(group.icmp is not None and group.icmp.sender == host.address for group in host.groups)
    return own or host.seconds is not None


def ports_of(case: Case) -> tuple[int, ...]:
    """The ports to ask: those the user named, else the default one and those of development servers."""
    return case.request.ports or tuple(dict.fromkeys((case.request.default_port, *development_ports())))


def survey_source(case: Case, hosts: tuple[str, ...]) -> Call:
    """The survey of these hosts."""
    near = all(case.on_link(parse_ip(host)) for host in hosts[:1])
    return sources.survey(hosts, ports_text(case), _NEAR if near else _FAR, 1.15, case.place)


def ports_text(case: Case) -> str:
    """The ports to ask, as ranges."""
    if "ports" not in case.parsed:
        case.parsed["ports"] = format_ranges(list(ports_of(case)))
    return str(case.parsed["ports"])


def survey_of(case: Case) -> Survey | None:
    """What the survey found; None while it was not read."""
    hosts = hosts_of(case)
    return case.known(survey_source(case, hosts), parse_survey) if hosts else None


def _plan_hosts(case: Case, hosts: tuple[str, ...]) -> Iterator[Source]:
    yield survey_source(case, hosts)
    if case.request.network is None:
        yield from _plan_one_host(case, hosts)
    elif case.request.network.version == 4:
        yield sources.host_names(hosts)
        yield MAKERS[0]
    survey = survey_of(case)
    if survey is not None:
        for host, port in open_ports(case, survey)[:MOST_EXCHANGES]:
            yield exchange_source(case, host, port)


def _plan_one_host(case: Case, hosts: tuple[str, ...]) -> Iterator[Source]:
    """One host: its first port is asked at once, and closely looked at where no port serves."""
    first = case.focus(case.request.port)
    for host in hosts:
        look = Look(first, host)
        yield look.http_source()
        if case.request.icmp:
            yield look.ping_source()
        if (arp := look.arp_source()) is not None:
            yield arp
    survey = survey_of(case)
    if survey is None or any(is_unasked(case, *pair) for pair in open_ports(case, survey)[:MOST_EXCHANGES]):
        return
    focused = case.focus(focus_port(case))
    if not any(is_answering(case, *pair) for pair in open_ports(case, survey)):
        for host in hosts:
            yield from plan_look(Look(focused, host))


def focus_port(case: Case) -> int:
    """The port that the verdict of a single host speaks of: one that serves, else an open one, else the first."""
    survey = survey_of(case)
    opened = open_ports(case, survey) if survey else []
    serving = next((port for host, port in opened if is_answering(case, host, port)), None)
    return serving or next((port for _, port in opened), case.request.port)


def open_ports(case: Case, survey: Survey) -> list[tuple[str, int]]:
    """Every open port, in the order in which the ports were asked for."""
    pairs = [(host.address, port) for host in survey.hosts for port in host.ports(TcpOutcome.CONNECTED)]
    if len(pairs) < 2:
        return pairs
    order = {port: place for place, port in enumerate(ports_of(case))}
    return sorted(pairs, key=lambda pair: order.get(pair[1], len(order)))


def exchange_source(case: Case, host: str, port: int) -> Call:
    """What an open port serves."""
    return Look(case.focus(port), host).http_source()


def exchange_of(case: Case, host: str, port: int) -> Exchange | None:
    """What an open port serves; None when it was not asked."""
    return case.exchange(exchange_source(case, host, port))


def is_unasked(case: Case, host: str, port: int) -> bool:
    """Whether an open port has still to be asked what it serves."""
    return case.readings.get(exchange_source(case, host, port).name) is None


def is_answering(case: Case, host: str, port: int) -> bool:
    """Whether an open port gave an answer, of HTTP or of anything else."""
    exchange = exchange_of(case, host, port)
    if exchange is None:
        return False
    best = exchange.best
    return best.answer is not None or bool(best.first.data) or best.scheme == "tcp"


def mac_of(case: Case, host: str) -> str | None:
    """The MAC address of a host, from our own ARP or the neighbour table."""
    network = case.request.network
    if network is not None and (arp := arp_source(case, network)) is not None:
        answers = case.known(arp, parse_arp)
        owner = next((one for one in answers.owners if one.address == host), None) if answers else None
        if owner is not None:
            return owner.macs[0]
    entry = next((e for e in case.neighbours() if e.address == parse_ip(host)), None)
    return entry.mac if entry else None
