"""The halves of a join: the server's report, the client's, and which of the server's faults concern this client."""

from __future__ import annotations

import re
from collections.abc import Mapping
from ipaddress import ip_address, ip_network

from msgspec import Struct

from landiag.model.report import Finding, Outcome, Path, Report

_SILENT = (
    *("firewall-drops", "firewall-drops-replies", "firewall-blocks-program", "firewall-profile"),
    *("rate-limited", "other-firewall", "sandbox-denies"),
)
_LOST = (
    *(
        "reverse-path-filter",
        "no-route-to-client",
        "vpn-takes-replies",
        "conntrack-full",
        "accept-queue-full",
    ),
    *("port-not-forwarded", "subnet-overlap", "link-down", "no-lan-address"),
)
_NOBODY = (
    *("nothing-listening", "bound-to-loopback", "bound-to-other-address", "bound-to-ipv6-only"),
    *("bound-to-ipv4-only", "bound-to-device", "listening-in-namespace", "published-on-loopback"),
    *("port-redirected", "port-not-forwarded", "port-privileged", "port-reserved", "accept-queue-full"),
)

EXPLAINS: Mapping[str, frozenset[str]] = {
    "connection-filtered": frozenset((*_SILENT, *_LOST)),
    "connection-refused": frozenset((*_NOBODY, "firewall-rejects", "sandbox-denies")),
    "connection-rejected": frozenset(("firewall-rejects", "no-route-to-client", "sandbox-denies")),
    "connection-reset": frozenset(
        ("firewall-rejects", "not-http", "speaks-tls", "server-silent", "port-redirected")
    ),
    "server-silent": frozenset(
        (*_SILENT, "server-silent", "accept-queue-full", "conntrack-full", "rate-limited")
    ),
    "peer-down": frozenset(("link-down", "no-lan-address", "wrong-address", *_SILENT)),
    "path-mtu": frozenset(_SILENT),
}
"""What the client met -> what on the server's machine makes a client meet that."""

_EVERYWHERE = frozenset(
    ("nothing-listening", "port-privileged", "port-reserved", "conntrack-full", "link-down")
)
"""Faults that stop every way in, whichever one the report names."""

CLIENTS_OWN = frozenset(
    (
        *("name-does-not-resolve", "name-resolves-elsewhere", "no-route-to-server", "proxy-in-the-way"),
        *("local-network-privacy", "port-unsafe-in-browsers", "peer-in-other-network"),
    )
)
"""What stops a client before its packets come near the server."""


class Halves(Struct, frozen=True):
    """Both reports, the client's way (None where no name led anywhere) and the server's way to that address."""

    server: Report
    client: Report
    asked: Path | None
    way: Path | None

    @property
    def met(self) -> str:
        """What the client met; empty when it got through."""
        return self.client.verdict.cause or ""

    @property
    def times(self) -> str:
        """When the reports were made, the earlier first."""
        return " and ".join(sorted((self.server.created, self.client.created)))


def explains(fault: Finding, met: str) -> bool:
    """Whether a fault of the server makes clients meet that."""
    return fault.code == met or fault.code in EXPLAINS.get(met, frozenset())


def faults_of(halves: Halves) -> list[Finding]:
    """What the server's report says stops this client, on the way that it took."""
    return [one for one in halves.server.findings if _concerns(one, halves)]


def _concerns(fault: Finding, halves: Halves) -> bool:
    way = halves.way
    if fault.outcome is Outcome.WARNS:
        if way is None or way.id not in fault.paths:
            return False
        return way.outcome is Outcome.BLOCKS or _names_client(fault, halves)
    if fault.outcome is not Outcome.BLOCKS:
        return False
    here = way is None or way.outcome is Outcome.BLOCKS or way.id in fault.paths
    return here or not fault.paths or fault.code in _EVERYWHERE


def _names_client(fault: Finding, halves: Halves) -> bool:
    """Whether a fault that singles clients out singles out this one, by its address or its network."""
    source = source_of(halves)
    text = " ".join((fault.title, *(one.text for one in fault.evidence)))
    words = (word.rstrip(".:") for word in re.findall(r"[0-9a-fA-F:.]+(?:/\d+)?", text))
    named = (ip_network(word, strict=False) for word in words if _is_network(word))
    return source is not None and any(ip_address(source) in network for network in named)


def _is_network(word: str) -> bool:
    try:
        return ip_network(word, strict=False).prefixlen > 0
    except ValueError:
        return False


def source_of(halves: Halves) -> str | None:
    """The address from which the client asked; None where its report does not say."""
    stages = halves.asked.stages if halves.asked else ()
    said = next((stage.detail for stage in stages if stage.stage == "route"), "")
    found = re.search(r"from ([0-9a-f.:]+)", said)
    return found[1] if found and _is_network(found[1]) else None


def shares_network(halves: Halves, address: str) -> bool:
    """Whether an address is in a network that the server's machine is in itself."""
    stages = (
        stage.detail for path in halves.server.paths for stage in path.stages if stage.stage == "address"
    )
    words = (detail.partition(" ")[0] for detail in stages)
    target = ip_address(address.partition("%")[0])
    return any(
        target in ip_network(word, strict=False) for word in words if "/" in word and _is_network(word)
    )


def way_to(server: Report, asked: Path, *, masked: bool) -> Path | None:
    """The server's way to the address that the client asked; None where it has no such address.

    Redacted reports may name one network differently, but keep the host's part of an address: that decides then.
    """
    address = ip_address(asked.address.partition("%")[0])
    ways = {ip_address(path.address.partition("%")[0]): path for path in server.paths}
    if address in ways or not masked:
        return ways.get(address)
    alike = (
        path
        for own, path in ways.items()
        if own.version == address.version and own.packed[-1] == address.packed[-1]
    )
    return next(alike, None)
