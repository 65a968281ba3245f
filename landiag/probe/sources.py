"""What the probe reads: each exchange with exactly the parameters under which it is recorded."""

from __future__ import annotations

from landiag.collect import interfaces, machine, neighbours, routes
from landiag.model.facts import Call, Source

CONNECT_WAIT = 1.15
"""Seconds for a first connection: enough for a lost SYN, whose copy follows after one second."""

SECOND_WAIT = {True: "1.5", False: "1.9"}
"""Seconds for the second, while others are asked: on the local link, and behind a router.

Together the target had three ARP requests, and a router the three seconds after which it gives up.
"""

HTTP_WAIT = 4.0
"""Seconds for a whole exchange; a development server may compile first."""

_TABLES: dict[int, tuple[Source, ...]] = {
    4: (routes.ROUTES4, routes.RULES4),
    6: (routes.ROUTES6, routes.RULES6),
}


def first(versions: tuple[int, ...]) -> tuple[Source, ...]:
    """What is always read of this machine, for targets of these IP versions."""
    tables = (source for version in versions for source in _TABLES[version])
    return (machine.MACHINE, interfaces.INTERFACES, *tables, Call("proxies"))


NEIGHBOUR_TABLES: dict[str, tuple[str, tuple[str, ...]]] = {
    "linux": ("ip-neighbours", neighbours.NEIGHBOURS.argv),
    "windows": ("arp", ("arp", "-a")),
    "macos": ("arp", ("arp", "-an")),
    "freebsd": ("arp", ("arp", "-an")),
    "openbsd": ("arp", ("arp", "-an")),
}
"""The name and the command of the neighbour table on each system."""

CONTROL_PORTS = "22,80,443,445,5000,8000,8080,49152"
"""Ports that show whether a silent host answers anything at all, by RST or by SYN-ACK."""


def ping(address: str, place: Place, purpose: str = "target") -> Call:
    """Echo requests: three for the target, two for anybody else, who gets less time."""
    count, wait = ("3", "1.2") if purpose == "target" else ("2", "0.7")
    params = (("address", address), ("count", count), ("interval", "0.01"), ("wait", wait), *place)
    return Call("ping", params, seconds=2.0)


def path_mtu(address: str, mtu: int, place: Place) -> Call:
    """How large a packet comes back."""
    return Call("path-mtu", (("address", address), ("mtu", str(mtu)), ("wait", "0.25"), *place), seconds=1.5)


def http(address: str, port: int, scheme: str, path: str, host: str, place: Place, **more: str) -> Call:
    """A request as a browser would send it. ``more``: ``sni``, ``mss``, ``second`` (once more)..."""
    params = (
        ("address", address),
        ("port", str(port)),
        ("scheme", scheme),
        ("host", host),
        ("path", path),
        *{"connect": str(CONNECT_WAIT), **more}.items(),
        *place,
    )
    return Call("http", params, seconds=HTTP_WAIT)


def survey(addresses: tuple[str, ...], ports: str, width: int, wait: float, place: Place) -> Call:
    """Many ports of many hosts."""
    params = (
        ("addresses", ",".join(addresses)),
        ("ports", ports),
        ("width", str(width)),
        ("wait", str(wait)),
    )
    return Call("survey", (*params, *place), seconds=120.0)


def arp_owners(address: str, place: Place) -> Call:
    """Who claims an address of the local link; asked twice, so that every owner is heard."""
    params = (("addresses", address), ("rounds", "2"), ("wait", "0.02"), ("duplicates", "1"))
    return Call("arp", (*params, *place), seconds=1.0)


def arp_sweep(addresses: tuple[str, ...], place: Place) -> Call:
    """Who of many is there."""
    params = (("addresses", ",".join(addresses)), ("rounds", "3"), ("wait", "0.12"), ("last", "0.3"))
    return Call("arp", (*params, *place), seconds=max(30.0, 0.0016 * len(addresses)))


def sweep(network: str, place: Place) -> Call:
    """Every host of a network, without root."""
    return Call("sweep", (("network", network), *place), seconds=100.0)


def trace(address: str, port: int, place: Place) -> Call:
    """How far a SYN gets."""
    return Call("trace", (("address", address), ("port", str(port)), *place), seconds=1.0)


def syn(address: str, port: int, place: Place) -> Call:
    """A SYN of our own, as root: the flags and the hop limit of what comes back."""
    return Call("syn", (("address", address), ("port", str(port)), *place), seconds=1.2)


def host_names(addresses: tuple[str, ...]) -> Call:
    """The names of addresses, as far as the system knows them quickly."""
    return Call("host-names", (("addresses", ",".join(addresses)),), seconds=0.4)


Place = tuple[tuple[str, str], ...]
"""Where to leave from: ``interface`` and ``source``, or nothing."""


def place_of(interface: str | None) -> Place:
    """The place that the user named; nothing where the system chooses."""
    return (("interface", interface),) if interface else ()
