"""The default routes of a host: by which interfaces and gateways it reaches everywhere else."""

from __future__ import annotations

from landiag.journey.route_index import index_routes
from landiag.model.facts import IPAddress, Unknown
from landiag.model.host import Facts
from landiag.model.route import Route


def default_devices(facts: Facts) -> tuple[str, ...]:
    """Name the interfaces of the main table's default routes, the preferred one first."""
    if isinstance(facts.routes, Unknown):
        return ()
    routes = [one for one in index_routes(facts.routes).defaults if one.kind == "unicast" and one.device]
    ordered = sorted(routes, key=lambda route: (route.destination.version, route.metric))
    return tuple(dict.fromkeys(route.device for route in ordered if route.device))


def by_router(facts: Facts) -> tuple[str, ...]:
    """The interfaces whose default route leads to a router: one that names none is a tunnel's, or a dialled line's."""
    routes = () if isinstance(facts.routes, Unknown) else index_routes(facts.routes).defaults
    return tuple(one.device for one in routes if one.gateway is not None and one.device)


def default_gateway(routes: tuple[Route, ...] | Unknown, device: str) -> IPAddress | None:
    """The gateway of the main table's IPv4 default route by a device; None when it has none."""
    known = () if isinstance(routes, Unknown) else index_routes(routes).defaults
    found = (one.gateway for one in known if one.device == device)
    return next((gateway for gateway in found if gateway is not None and gateway.version == 4), None)
