"""Who passes a port of Windows on: the IP Helper service by its port proxies, and WSL's relay of localhost."""

from __future__ import annotations

from landiag.checks import words
from landiag.checks.case import Case
from landiag.checks.wsl.proxies import Reach, as_address, delete_line, reach_of, set_line, taker
from landiag.checks.wsl.sources import read_proxies
from landiag.collect.portproxy import PortProxy
from landiag.journey.ways import is_usable
from landiag.model.facts import Interface, Socket, Unknown
from landiag.model.process import Process
from landiag.model.report import Fix
from landiag.servers.relays import relay_of

_ORDER = (Reach.ALL, Reach.ONE, Reach.UNKNOWN, Reach.INSIDE, Reach.NOBODY, Reach.ITSELF)


def proxies_of(case: Case) -> list[PortProxy]:
    """The port proxies of the port that clients type: the one that takes theirs, then those that most reach."""
    known = read_proxies(case.readings)
    way = case.way
    port = case.port if way is None or way.front is None else way.front.port
    found = [] if isinstance(known, Unknown) else [one for one in known if one.listen_port == port]
    first = None if way is None else taker(found, way.ip, port)
    return sorted(found, key=lambda one: (one != first, _ORDER.index(reach_in(case, one))))


def reach_in(case: Case, proxy: PortProxy) -> Reach:
    """Who can connect to a port proxy of this Windows."""
    known: tuple[Interface, ...] = () if isinstance(case.facts.interfaces, Unknown) else case.facts.interfaces
    inside = [one for one in known if not is_usable(one) and one.kind != "loopback"]
    return reach_of(proxy, inside, tuple(one for one in known if is_usable(one)) or None)


def passing_on(case: Case) -> frozenset[int]:
    """The IP Helper service, where its port proxy leads to another listener of the port: the two are no rivals.

    That is this machine's own localhost on the same port, or WSL2, whose relay has the port on loopback.
    """
    helped = frozenset(
        pid for one in case.listeners if case.owners(one) and is_helper(case, one) for pid in one.pids
    )
    others = [one for one in case.listeners if not helped & set(one.pids)]
    is_relayed = all(any(map(is_relay, case.owners(one))) for one in others)
    leads = any(
        _leads_into_wsl(case, one) if is_relayed else _leads_to_localhost(case, one)
        for one in proxies_of(case)
    )
    return helped if leads else frozenset()


def ending(case: Case, socket: Socket) -> Fix | None:
    """How a port proxy or a service gives its port up: their process is Windows' own, and serves others too."""
    proxies = proxies_of(case) if case.owners(socket) and is_helper(case, socket) else []
    if proxies:
        lines, undo = tuple(map(delete_line, proxies)), tuple(map(set_line, proxies))
        title = "Take the port proxy away (PowerShell as administrator)"
        return Fix(title, lines, undo, needs="root", steps=(words.ELEVATE,))
    services = [name for one in case.owners(socket) for name in one.services or ()]
    step = f"Services of Windows have it ({', '.join(services)}): stop the right one, not their process."
    return Fix("Stop the service", needs="user-action", steps=(step,)) if services else None


def _leads_to_localhost(case: Case, proxy: PortProxy) -> bool:
    ip = as_address(proxy.connect_address, proxy.connect_family)
    return ip is not None and ip.is_loopback and proxy.connect_port == case.port


def _leads_into_wsl(case: Case, proxy: PortProxy) -> bool:
    """Whether a proxy leads to WSL2: by localhost, or to an address that is in no network of clients."""
    ip = as_address(proxy.connect_address, proxy.connect_family)
    known = () if isinstance(case.facts.interfaces, Unknown) else case.facts.interfaces
    networks = [address.network for one in known if is_usable(one) for address in one.addresses]
    is_inner = ip is not None and not ip.is_loopback and not any(ip in network for network in networks)
    return is_inner or _leads_to_localhost(case, proxy)


def is_helper(case: Case, socket: Socket) -> bool:
    """Whether the IP Helper service holds a socket; one whose owner is hidden may be its."""
    owners = case.owners(socket)
    return not owners or any("iphlpsvc" in (one.services or ()) or (one.services is None and one.name.lower()
                             .startswith("svchost")) for one in owners)  # fmt: skip


def is_relay(process: Process) -> bool:
    """Whether a process relays Windows' localhost to WSL2: wslrelay.exe, before that wslhost.exe."""
    product = relay_of(process)
    return product is not None and product.inside
