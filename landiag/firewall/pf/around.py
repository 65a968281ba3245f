"""The surroundings of a saved pf ruleset."""

from __future__ import annotations

from landiag.firewall.engine.gaps import Edges
from landiag.firewall.engine.special import SPECIAL_EDGES
from landiag.firewall.engine.surroundings import SavedSurroundings, Way
from landiag.model.packet import Packet
from landiag.model.route import RouteKind


class PfSurroundings(SavedSurroundings):
    """BSD and macOS deliver what is translated to 127.0.0.1 to this host."""

    def route_edges(self, version: int) -> Edges:
        """Loopback addresses are ours."""
        return (*super().route_edges(version), SPECIAL_EDGES[version])

    def route(self, packet: Packet, mark: int | None) -> Way | None:
        """The routing decision; see ``Surroundings.route``."""
        if packet.destination is not None and packet.destination.is_loopback:
            return Way(RouteKind.LOCAL, "lo0")
        return super().route(packet, mark)
