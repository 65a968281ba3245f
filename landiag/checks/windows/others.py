"""Windows: what may stop clients besides its own firewall, where its rules cannot be read."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from landiag.checks.case import Case
from landiag.collect.tunnels import Tunnel, tunnel_of
from landiag.collect.windows_state import WindowsState, parse_state
from landiag.knowledge.tables import read_tables
from landiag.model.facts import Interface, Unknown
from landiag.model.host import Facts
from landiag.model.report import Evidence, Finding, Fix, Outcome

_MAY_STOP = ("stops", "full")


def other_firewalls(case: Case) -> Iterator[Finding]:
    """Find firewalls of other makers that are on: those that registered themselves, and services that filter."""
    state = parse_state(case.readings)
    if isinstance(state, Unknown):
        return
    for name, source in dict.fromkeys((*_registered(state), *_filtering(state))):
        yield _on(case, name, source)


def _registered(state: WindowsState) -> Iterator[tuple[str, str]]:
    for product in state.products:
        if product.on is not False:
            yield product.name, "root/SecurityCenter2 FirewallProduct"


def _filtering(state: WindowsState) -> Iterator[tuple[str, str]]:
    running = {name.lower() for names in (state.services or {}).values() for name in names}
    for service, name in _services().items():
        if service in running:
            yield name, "Get-CimInstance Win32_Service"


@lru_cache(maxsize=1)
def _services() -> dict[str, str]:
    known: dict[str, str] = read_tables("filters.toml")["services"]
    return known


def _on(case: Case, name: str, source: str) -> Finding:
    port = case.port if case.way is None else case.way.typed_port(case.port)
    return Finding(
        code="other-firewall",
        outcome=Outcome.UNKNOWN,
        title=f"Whether {name} lets other devices in: the rules of this firewall can't be read",
        detail="Where another firewall has taken over, the rules of Windows Firewall may not count.",
        evidence=(Evidence(source, name),),
        fixes=(
            Fix(
                f"Allow the port in {name}",
                needs="user-action",
                steps=(
                    f"In {name}, allow incoming TCP connections to port {port} from the local "
                    "network, for the program that listens.",
                ),
            ),
        ),
    )


def stopping_tunnels(case: Case) -> Iterator[Finding]:
    """Warn of VPNs that take all traffic, and whose settings decide whether other devices of the LAN get in."""
    known = () if isinstance(case.facts.interfaces, Unknown) else case.facts.interfaces
    takers = _taking_all(case.facts)
    for interface in known:
        tunnel = tunnel_of(f"{interface.name} {interface.description}")
        is_on = interface.up and interface.name in takers and bool(interface.addresses)
        if is_on and tunnel is not None and tunnel.lan in _MAY_STOP:
            yield _may_stop(interface, tunnel)


def _taking_all(facts: Facts) -> set[str | None]:
    """The interfaces by which all traffic leaves: by a default route, or by one for each half of all addresses."""
    routes = () if isinstance(facts.routes, Unknown) else facts.routes
    return {route.device for route in routes if route.destination.prefixlen <= 1}


def _may_stop(interface: Interface, tunnel: Tunnel) -> Finding:
    keeps = "usually keeps" if tunnel.lan == "stops" else "can keep"
    name = f"{tunnel.title[0].upper()}{tunnel.title[1:]}"
    return Finding(
        code="other-firewall",
        outcome=Outcome.WARNS,
        title=f"{name} is connected, and {keeps} other devices of the local network out",
        detail="What it stops, no rule of Windows Firewall shows.",
        evidence=(Evidence("route print", f"the default route leads into {interface.name}"),),
        fixes=(
            Fix(f"Let the local network in: {tunnel.title}", needs="user-action", steps=(tunnel.advice,)),
        ),
    )
