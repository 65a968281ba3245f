"""Port proxies of Windows: from where each can be reached, and whether it leads to a server in WSL2."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from enum import Enum
from ipaddress import ip_address

from msgspec import Struct

from landiag.checks.windows.openings import quoted
from landiag.collect.portproxy import PortProxy
from landiag.model.addresses import ip_or_none
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
    return ip_or_none(word)


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


class Inside(Struct, frozen=True):
    """What a connection that Windows passes on may meet: its own addresses, and the distribution's.

    ``relayed`` are the loopback addresses of Windows that WSL relays to the port; ``windows`` may be empty where
    nobody knows them.
    """

    port: int
    addresses: frozenset[IPAddress]
    relayed: frozenset[IPAddress]
    windows: frozenset[IPAddress] = frozenset()


def arrival_of(
    proxy: PortProxy, proxies: Sequence[PortProxy], inside: Inside, seen: tuple[PortProxy, ...] = ()
) -> IPAddress | Unknown | None:
    """Where in the distribution the connections of a proxy arrive on the port; None where they go elsewhere.

    A proxy may lead to another one. What listens on an address itself takes its connections before what listens on
    all of them: a proxy for loopback, then WSL's relay, then a proxy for everything.
    """
    ip = as_address(proxy.connect_address, proxy.connect_family)
    if ip is None:
        return Unknown(f"which address {proxy.connect_address} is", "netsh interface portproxy show all")
    if ip in inside.addresses:
        return ip if proxy.connect_port == inside.port else None
    if not ip.is_loopback and ip not in inside.windows:
        return None
    after = taker(proxies, ip, proxy.connect_port)
    is_exact = after is not None and as_address(after.listen_address, after.listen_family) == ip
    if not is_exact and proxy.connect_port == inside.port and ip in inside.relayed:
        return ip
    if after is None or after in (proxy, *seen):
        return None
    return arrival_of(after, proxies, inside, (*seen, proxy))


def taker(proxies: Iterable[PortProxy], ip: IPAddress, port: int) -> PortProxy | None:
    """The proxy that takes connections to an address of Windows: one for it alone before one for all addresses."""
    ours = [one for one in proxies if one.listen_port == port and one.listen_family == ip.version]
    listens = [(as_address(one.listen_address, one.listen_family), one) for one in ours]
    exact = (one for at, one in listens if at == ip)
    return next(exact, next((one for at, one in listens if at is not None and at.is_unspecified), None))


def relayed(facts: Facts, port: int) -> frozenset[IPAddress]:
    """The loopback addresses that WSL relays to servers on a port: each for sockets of its own family alone.

    A socket on :: is relayed on ::1 and not on 127.0.0.1, though it serves both families. Where nothing listens, or
    nobody could look, a server that is started there would be relayed.
    """
    both = frozenset((_LOOPBACK[4], _LOOPBACK[6]))
    if isinstance(facts.sockets, Unknown):
        return both
    ours = [one.address for one in facts.sockets if one.port == port]
    found = {_LOOPBACK[ip.version] for ip in ours if ip.is_unspecified or ip.is_loopback}
    return frozenset(found) if ours else both


_LOOPBACK = {4: ip_address("127.0.0.1"), 6: ip_address("::1")}


def own_addresses(facts: Facts) -> frozenset[IPAddress]:
    """This machine's addresses without those of loopback; empty where they could not be read."""
    known = () if isinstance(facts.interfaces, Unknown) else facts.interfaces
    return frozenset(one.ip for interface in known for one in interface.addresses if not one.ip.is_loopback)


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
        f"netsh interface portproxy set {kind_of(proxy)} listenaddress={_typed(proxy.listen_address)} "
        f"listenport={proxy.listen_port} connectaddress={_typed(proxy.connect_address)} "
        f"connectport={proxy.connect_port}"
    )


def delete_line(proxy: PortProxy) -> str:
    """The line that takes a port proxy away."""
    return (
        f"netsh interface portproxy delete {kind_of(proxy)} listenaddress={_typed(proxy.listen_address)} "
        f"listenport={proxy.listen_port}"
    )


def _typed(address: str) -> str:
    """An address or a name as PowerShell takes it; ``$ip`` is a variable of the line before."""
    return address if re.fullmatch(r"[\w.:*-]+|\$ip", address) else quoted(address)
