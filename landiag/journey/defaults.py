"""The default routes of a host: by which interfaces and gateways it reaches everywhere else."""

from __future__ import annotations

from landiag.journey.route_index import index_routes
from landiag.model.facts import IPAddress, Unknown
from landiag.model.host import Facts


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


def default_gateway(facts: Facts, device: str) -> IPAddress | None:
    """The gateway of the main table's IPv4 default route by a device; None when it has none."""
    routes = () if isinstance(facts.routes, Unknown) else facts.routes
    found = (
        one
        for one in routes
        if one.destination.prefixlen == 0 and one.device == device and one.table == "main"
    )
    return next((one.gateway for one in found if one.gateway is not None and one.gateway.version == 4), None)
