"""Port proxies of Windows: from where each can be reached, and whether it leads to a server in WSL2."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from ipaddress import ip_address

from landiag.collect.portproxy import PortProxy
from landiag.journey.binding import takes_connections
from landiag.model.facts import Interface, IPAddress, Unknown
from landiag.model.host import Facts


class Reach(Enum):
    """Who can connect to where a port proxy listens."""

    ALL = "all addresses of Windows"
    ONE = "one address of Windows"
    ITSELF = "Windows itself"
    INSIDE = "virtual machines of Windows"
    NOBODY = "nobody: Windows does not have the address"
    UNKNOWN = "unknown: it listens on a name"


def as_address(text: str, family: int) -> IPAddress | None:
    """The address that a proxy names; ``*`` is the wildcard, ``localhost`` the loopback. None for other names."""
    word = text.strip().lower()
    if word == "*":
        word = "0.0.0.0" if family == 4 else "::"
    elif word == "localhost":
        word = "127.0.0.1" if family == 4 else "::1"
    try:
        return ip_address(word.partition("%")[0])
    except ValueError:
        return None


def reach_of(proxy: PortProxy, inside: Iterable[Interface], windows: tuple[Interface, ...] | None) -> Reach:
    """Say who can connect to a proxy.

    ``inside`` are interfaces on whose networks only virtual machines are, ``windows`` those by which clients come
    in, None where nobody knows them: any other address is then taken for one of Windows.
    """
    ip = as_address(proxy.listen_address, proxy.listen_family)
    if ip is None:
        return Reach.UNKNOWN
    if ip.is_unspecified:
        return Reach.ALL
    if ip.is_loopback:
        return Reach.ITSELF
    if any(ip in one.network for interface in inside for one in interface.addresses):
        return Reach.INSIDE
    if windows is None:
        return Reach.ONE
    return Reach.ONE if any(one.ip == ip for way in windows for one in way.addresses) else Reach.NOBODY


def leads_here(proxy: PortProxy, facts: Facts, port: int, *, by_localhost: bool) -> bool:
    """Whether a proxy leads to this distribution's port. Windows' own loopback does where WSL relays localhost."""
    if proxy.connect_port != port:
        return False
    ip = as_address(proxy.connect_address, proxy.connect_family)
    if ip is None:
        return False
    return by_localhost if ip.is_loopback else ip in own_addresses(facts)


def own_addresses(facts: Facts) -> frozenset[IPAddress]:
    """This machine's addresses without those of loopback; empty where they could not be read."""
    known = () if isinstance(facts.interfaces, Unknown) else facts.interfaces
    return frozenset(one.ip for interface in known for one in interface.addresses if not one.ip.is_loopback)


def lands_on_loopback(proxy: PortProxy, facts: Facts, port: int, ip: IPAddress) -> bool:
    """Whether WSL's relay of localhost is what reaches the server: it does not listen on its own address."""
    target = as_address(proxy.connect_address, proxy.connect_family)
    if target is None or not target.is_loopback or isinstance(facts.sockets, Unknown):
        return False
    return not any(one.port == port and takes_connections(one, ip, None) for one in facts.sockets)


def kind_of(proxy: PortProxy) -> str:
    """How netsh calls its families: ``v4tov4``."""
    return f"v{proxy.listen_family}tov{proxy.connect_family}"


def describe(proxy: PortProxy) -> str:
    """``0.0.0.0:5000 to 172.28.116.5:5000``."""
    return f"{proxy.listen_address}:{proxy.listen_port} to {proxy.connect_address}:{proxy.connect_port}" + (
        "" if kind_of(proxy) == "v4tov4" else f" ({kind_of(proxy)})"
    )


def set_line(proxy: PortProxy) -> str:
    """The line that makes a port proxy, or changes the one that listens there."""
    return (
        f"netsh interface portproxy set {kind_of(proxy)} listenaddress={proxy.listen_address} "
        f"listenport={proxy.listen_port} connectaddress={proxy.connect_address} connectport={proxy.connect_port}"
    )


def delete_line(proxy: PortProxy) -> str:
    """The line that takes a port proxy away."""
    return (
        f"netsh interface portproxy delete {kind_of(proxy)} listenaddress={proxy.listen_address} "
        f"listenport={proxy.listen_port}"
    )
