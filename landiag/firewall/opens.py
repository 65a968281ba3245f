"""Whether a fix opens what it should and nothing else: over all packets, in both directions of a conversation."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from landiag.firewall.compared import what_opens
from landiag.firewall.engine.nat import address_of
from landiag.firewall.engine.spaces import Axis, Box, Universe
from landiag.firewall.opened import Opening
from landiag.firewall.regions import Region
from landiag.firewall.scope import Scope, box_of
from landiag.model.facts import IPAddress
from landiag.model.operands import Ranges
from landiag.model.report import AddressSpan, Opened
from landiag.model.ruleset import Ruleset

MOST_VISITS = 10_000
"""So many rules are visited at most by packets that speak for others: more takes longer than a person waits."""

MOST_RUNS = 250
"""So many packets speak for others in one proof at most: a check makes one for each way in and each block."""

FEWEST_RUNS = 30
"""Packets that speak for others in the smallest comparison: with fewer nothing is told apart."""


class Proof(Struct, frozen=True):
    """What a change opens, and whether that is what it should. ``is_narrow`` is None where packets became doubtful.

    ``excess`` is one of the packets that it should not let in, in words.
    """

    opens: tuple[Opened, ...]
    is_narrow: bool | None
    excess: str | None = None


def prove_opening(
    before: Ruleset, after: Ruleset, scope: Scope, opening: Opening, to: IPAddress | None = None
) -> Proof | None:
    """Compare the ruleset with and without a change. ``to`` is the address that clients use; None: any.

    None where the rules are too many, or too many kinds of packets fare differently.
    """
    runs = MOST_VISITS // max(1, sum(len(chain.rules) for chain in before.chains()))
    if runs < FEWEST_RUNS:
        return None
    scope = replace(scope, most_runs=min(runs, MOST_RUNS))
    found = what_opens(before, after, scope)
    if not found.is_whole:
        return None
    universes = {version: Universe(version) for version in scope.versions}
    opens = tuple(
        one for region in found.regions for one in _describe(region, scope, universes[region.version])
    )
    allowed = _allowed(opening, to)
    excess = [
        text
        for region in found.regions
        if (text := _excess(region, universes[region.version], opening, allowed)) is not None
    ]
    if excess:
        return Proof(opens, is_narrow=False, excess=excess[0])
    return Proof(opens, None if found.doubt else True)


def _excess(region: Region, universe: Universe, opening: Opening, allowed: Box) -> str | None:
    """A packet of a region that an opening is not for; None where there is none."""
    is_other = region.protocol != "tcp" or region.version != opening.clients.version
    space = region.space if is_other else universe.split(region.space, allowed)[1]
    for sources, ports, *_ in universe.boxes(space):
        return f"{region.protocol} from {address_of(sources[0][0], region.version)} to port {ports[0][0]}"
    return None


def _allowed(opening: Opening, to: IPAddress | None) -> Box:
    """The packets that an opening is for; the port is the one that clients type."""
    port = opening.asked_port or opening.port
    clients = (int(opening.clients[0]), int(opening.clients[-1]))
    return ((clients,), ((port, port),), None if to is None else ((int(to), int(to)),))


def _describe(region: Region, scope: Scope, universe: Universe) -> list[Opened]:
    asked = box_of(scope, region.version)
    found = []
    for sources, ports, destinations, source_ports in universe.boxes(region.space):
        every = asked[Axis.DESTINATION] is None or destinations == asked[Axis.DESTINATION]
        found.append(
            Opened(
                region.protocol,
                region.version,
                ports or (),
                _spans(sources, region.version),
                () if every else _spans(destinations, region.version),
                region.interfaces or (),
                () if source_ports == asked[Axis.SOURCE_PORT] else source_ports or (),
            )
        )
    return found


def _spans(ranges: Ranges | None, version: int) -> tuple[AddressSpan, ...]:
    texts = (tuple(str(address_of(value, version)) for value in span) for span in ranges or ())
    return tuple(AddressSpan(first, last) for first, last in texts)
