"""WSL2 behind NAT, seen from inside: what keeps Windows from passing clients' connections on."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from landiag.checks.case import Case
from landiag.checks.windows.openings import quoted
from landiag.checks.wsl.fixes import add_proxy, change_proxy, forwarding_fixes, start_helper
from landiag.checks.wsl.held import find_holder, may_be_held, tell_holder
from landiag.checks.wsl.proxies import Reach, as_address, describe, own_addresses
from landiag.checks.wsl.sources import (
    WSL_MODE,
    WSL_PORTPROXY,
    is_behind,
    network_mode,
    read_proxies,
    read_state,
)
from landiag.checks.wsl.ways import Entry, list_entries
from landiag.checks.wsl.windows_side import lan_ways, read_interfaces
from landiag.collect.portproxy import PortProxy
from landiag.model.facts import ReadStatus, Unknown
from landiag.model.report import Evidence, Finding, Fix, Outcome
from landiag.model.terms import Symptom


def check_port(case: Case) -> list[Finding]:
    """Check, from inside a WSL2 distribution, whether Windows passes connections on to it."""
    if not is_behind(case.readings):
        return []
    if isinstance(case.facts.interfaces, Unknown):
        return [_unseen(case, "this distribution's addresses could not be read")]
    entries = list_entries(case.facts, case.readings, case.port)
    if isinstance(entries, Unknown):
        return [_unread(case, entries)]
    good = [entry for entry in entries if entry.is_way_in]
    holder = find_holder(case, good[0].proxy.listen_port if good else case.port)
    if holder is not None:
        return [tell_holder(holder)]
    if good:
        return _check_helper(case, good[0])
    misled = _misled(case, entries)
    if network_mode(case.readings) == "nat" and not may_be_held(case):
        return [misled or _nothing_leads_here(case)]
    return [_perhaps(case, misled)]


def _perhaps(case: Case, misled: Finding | None) -> Finding:
    """What is wrong behind NAT, where nobody knows WSL's network mode, or what Windows itself has on the port."""
    nothing = f"nothing on Windows passes port {case.port} on to this WSL2 distribution"
    said = nothing if misled is None else misled.title
    title = f"Whether other devices need Windows to pass the port on: {said}"
    return replace(misled or _nothing_leads_here(case), outcome=Outcome.UNKNOWN, title=title)


def check_addresses(case: Case) -> list[Finding]:
    """Check whether Windows is in a network of other devices, where it told its adapters."""
    adapters = read_interfaces(case.readings)
    if adapters is None or not is_behind(case.readings) or lan_ways(case.readings):
        return []
    told = (f"{one.name} ({'up' if one.up else 'down'})" for one in adapters if one.kind != "loopback")
    step = "Join the Wi-Fi or plug in the cable, and wait for an address (DHCP)."
    return [
        Finding(
            code="no-lan-address",
            outcome=Outcome.BLOCKS,
            symptom=Symptom.UNREACHABLE,
            title="Windows around this distribution has no address on a network that other devices could use",
            evidence=(Evidence("Get-NetIPAddress", ", ".join(told)),),
            fixes=(Fix("Connect Windows to the network", needs="user-action", steps=(step,)),),
        )
    ]


def explains_listening(case: Case, findings: Sequence[Finding]) -> bool:
    """Where nobody knows what Windows passes on, its relay of localhost may reach a server on loopback.

    What a program of Windows serves itself need not listen here at all.
    """
    on_loopback = all(one.address.is_loopback for one in case.listeners)
    may_be_held_there = may_be_held(case) or find_holder(case, case.port) is not None
    may_be_served = on_loopback and (bool(case.listeners) or may_be_held_there)
    return may_be_served and any(one.outcome is Outcome.UNKNOWN for one in findings)


def _check_helper(case: Case, entry: Entry) -> list[Finding]:
    state = read_state(case.readings)
    if isinstance(state, Unknown) or state.ip_helper.lower() in ("", "running", "4"):
        return []
    return [
        _finding(
            case,
            f"Windows should pass port {entry.proxy.listen_port} on, but its IP Helper service does not run",
            "Port proxies are the work of the IP Helper service (iphlpsvc); without it they are only a list.",
            (start_helper(case),),
        )
    ]


def _misled(case: Case, entries: tuple[Entry, ...]) -> Finding | None:
    """Find the port proxy that was meant for this server, and say what is wrong with it.

    One that takes clients' connections on the port comes before one that leads here from where nobody comes.
    """
    ours = [entry for entry in entries if entry.proxy.listen_port == case.port]
    wrong = next((entry for entry in ours if entry.is_open), None)
    meant = next((entry for entry in entries if entry.arrives is not None), None)
    if wrong is not None:
        return _elsewhere(case, wrong)
    if meant is not None:
        return _unreachable(case, meant)
    return _elsewhere(case, ours[0]) if ours else None


def _unreachable(case: Case, entry: Entry) -> Finding:
    """A proxy leads here and listens where clients do not come."""
    proxy, port = entry.proxy, entry.proxy.listen_port
    family = _family(case)
    if entry.reach in (Reach.ALL, Reach.ONE) and proxy.listen_family != family:
        return _finding(
            case,
            f"Windows passes port {port} on to this distribution by IPv{proxy.listen_family} alone, "
            f"and other devices use IPv{family}",
            "A port proxy takes connections of its own family alone.",
            (add_proxy(case, _on_all(case, entry)),),
            proxy,
        )
    where = {
        Reach.ITSELF: f"only on Windows' own loopback ({proxy.listen_address}): other devices can't reach it",
        Reach.INSIDE: f"on {proxy.listen_address}, which only virtual machines of Windows reach",
        Reach.NOBODY: f"on {proxy.listen_address}, an address that Windows does not have",
        Reach.UNKNOWN: f"on {proxy.listen_address}, an address that can't be looked up here",
        Reach.ALL: "where another port proxy takes the connections first",
        Reach.ONE: f"on {proxy.listen_address} alone, which clients of this network do not use",
    }[entry.reach]
    found = _finding(
        case,
        f"Windows passes port {port} on to this distribution, but listens for it {where}",
        "A port proxy takes connections on its listen address alone.",
        (change_proxy(case, proxy, _on_all(case, entry)),),
        proxy,
    )
    return _as_name(found, proxy.listen_address) if entry.reach is Reach.UNKNOWN else found


def _as_name(finding: Finding, name: str) -> Finding:
    """What hangs on a name that only Windows can look up."""
    fix = Fix(
        "Look the name up (PowerShell, on Windows)",
        (f"Resolve-DnsName {quoted(name)}",),
        needs="user-action",
    )
    return replace(finding, outcome=Outcome.UNKNOWN, fixes=(fix, *finding.fixes))


def _on_all(case: Case, entry: Entry) -> PortProxy:
    """The proxy as it should listen: as it does where clients come to it, else on all addresses of their family."""
    if entry.is_open:
        return entry.proxy
    family = _family(case)
    return replace(entry.proxy, listen_address="0.0.0.0" if family == 4 else "::", listen_family=family)


def _family(case: Case) -> int:
    """The IP version by which other devices reach Windows; IPv4 where nobody knows."""
    return next((way.ip.version for way in lan_ways(case.readings)), 4)


def _elsewhere(case: Case, entry: Entry) -> Finding:
    """A proxy takes the port, and leads to another port here, to another address, or to a name."""
    proxy, here = entry.proxy, _here(case)
    right = replace(
        _on_all(case, entry),
        connect_address=here,
        connect_port=case.port,
        connect_family=4 if "." in here else 6,
    )
    title, detail = _where_instead(case, entry)
    fixes = (change_proxy(case, proxy, right), *forwarding_fixes(case)[1:])
    found = _finding(case, title, detail, fixes, proxy)
    return _as_name(found, proxy.connect_address) if isinstance(entry.arrives, Unknown) else found


def _here(case: Case) -> str:
    """The address of this distribution to which a proxy should lead: of an interface that is down, where all are."""
    if case.ways:
        return str(case.ways[0].ip)
    return str(min(own_addresses(case.facts), key=lambda ip: (ip.version, ip), default="127.0.0.1"))


def _where_instead(case: Case, entry: Entry) -> tuple[str, str]:
    """Say where a proxy leads that does not lead here, and why that is so."""
    proxy, port = entry.proxy, case.port
    ip = as_address(proxy.connect_address, proxy.connect_family)
    if isinstance(entry.arrives, Unknown):
        return (
            f"Windows passes port {port} on to {proxy.connect_address}, a name that can't be looked up here",
            "",
        )
    if proxy.connect_port != port:
        return (
            f"Windows passes port {port} on to port {proxy.connect_port} of this distribution, not to {port}",
            "",
        )
    if ip is not None and ip.is_loopback:
        detail = (
            "WSL relays 127.0.0.1 of Windows to servers that listen on IPv4, and ::1 to those that listen on IPv6 "
            "(:: too). localhostForwarding in .wslconfig switches that off."
        )
        return (
            f"Windows passes port {port} on to its own {ip}, which WSL does not relay to this server",
            detail,
        )
    if ip in own_addresses(case.facts):
        return (
            f"Windows passes port {port} on to {ip} of this distribution, where the server does not listen",
            "",
        )
    return (
        f"Windows passes port {port} on to {proxy.connect_address}, not to this distribution",
        "The address of a WSL2 distribution changes when it starts; the port proxy still has an old one.",
    )


def _nothing_leads_here(case: Case) -> Finding:
    return _finding(
        case,
        f"Nothing on Windows passes port {case.port} on to this WSL2 distribution",
        "Other devices connect to the address of Windows, never to that of the distribution.",
        forwarding_fixes(case),
    )


def _finding(
    case: Case, title: str, detail: str, fixes: tuple[Fix, ...], proxy: PortProxy | None = None
) -> Finding:
    evidence = [
        Evidence(" ".join(WSL_MODE.argv), _mode_text(case)),
        Evidence("ip addr", ", ".join(sorted(map(str, own_addresses(case.facts))))),
    ]
    if proxy is not None:
        evidence.insert(0, Evidence("netsh interface portproxy show all", describe(proxy)))
    else:
        known = read_proxies(case.readings)
        listed = () if isinstance(known, Unknown) else known
        evidence.append(
            Evidence(
                "netsh interface portproxy show all",
                "; ".join(map(describe, listed)) or "no port is passed on",
            )
        )
    return Finding(
        "port-not-forwarded", Outcome.BLOCKS, title, detail, tuple(evidence), fixes, symptom=Symptom.UNKNOWN
    )


def _mode_text(case: Case) -> str:
    reading = case.readings.get(WSL_MODE.name)
    if reading is not None and reading.status is ReadStatus.MISSING:
        return "no such program: this WSL knows NAT only"
    return network_mode(case.readings) or "not read"


def _unread(case: Case, why: Unknown) -> Finding:
    """Nobody could ask Windows for its port proxies."""
    found = _nothing_leads_here(case)
    return replace(
        found,
        outcome=Outcome.UNKNOWN,
        title=f"Whether Windows passes port {case.port} on to this WSL2 distribution: that could not be read",
        evidence=(Evidence(why.source, why.reason), *found.evidence[:2]),
        fixes=(_show(), *found.fixes),
    )


def _show() -> Fix:
    return Fix(
        "Show what Windows passes on (on Windows)",
        ("netsh interface portproxy show all",),
        needs="user-action",
    )


def _unseen(case: Case, reason: str) -> Finding:
    return Finding(
        code="port-not-forwarded",
        outcome=Outcome.UNKNOWN,
        title=f"Whether Windows passes port {case.port} on to this distribution: {reason}",
        evidence=(Evidence(WSL_PORTPROXY.name, reason),),
        fixes=(_show(),),
    )
