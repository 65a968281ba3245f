"""The halves of a join: the server's report, the client's, and which of the server's faults concern this client."""

from __future__ import annotations

from ipaddress import ip_network

from msgspec import Struct

from landiag.model.addresses import ip_or_none, parse_ip
from landiag.model.causes import find_cause
from landiag.model.facts import IPNetwork
from landiag.model.report import AddressSpan, Finding, Outcome, Path, Report


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
    cause = find_cause(fault.code)
    return fault.code == met if cause is None else cause.explains(met)


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
    cause = find_cause(fault.code)
    return here or not fault.paths or (cause is not None and cause.is_everywhere)


def _names_client(fault: Finding, halves: Halves) -> bool:
    """Whether a fault that singles clients out singles out this one."""
    source = source_of(halves)
    return source is not None and any(_holds(span, source) for span in fault.clients)


def _holds(span: AddressSpan, address: str) -> bool:
    ends = ip_or_none(span.first), ip_or_none(span.last)
    inside = ip_or_none(address)
    if ends[0] is None or ends[1] is None or inside is None:
        return False
    same = ends[0].version == ends[1].version == inside.version
    return same and int(ends[0]) <= int(inside) <= int(ends[1])


def source_of(halves: Halves) -> str | None:
    """The address from which the client asked; None where its report does not say."""
    stages = halves.asked.stages if halves.asked else ()
    return next((stage.source for stage in stages if stage.source is not None), None)


def shares_network(halves: Halves, address: str) -> bool:
    """Whether an address is in a network that the server's machine is in itself; an old report does not say."""
    target = ip_or_none(address)
    stages = (stage for path in halves.server.paths for stage in path.stages)
    networks = (parse_network(stage.network) for stage in stages if stage.network is not None)
    return target is not None and any(target in one for one in networks if one is not None)


def parse_network(text: str) -> IPNetwork | None:
    """A network of a report; None for what is none, and for one that holds everything."""
    try:
        network = ip_network(text, strict=False)
    except ValueError:
        return None
    return network if network.prefixlen else None


def way_to(server: Report, asked: Path, *, masked: bool) -> Path | None:
    """The server's way to the address that the client asked; None where it has no such address.

    Redacted reports may name one network differently, but keep the host's part of an address: that decides then.
    """
    address = parse_ip(asked.address)
    ways = {parse_ip(path.address): path for path in server.paths}
    if address in ways or not masked:
        return ways.get(address)
    alike = (
        path
        for own, path in ways.items()
        if own.version == address.version and own.packed[-1] == address.packed[-1]
    )
    return next(alike, None)
