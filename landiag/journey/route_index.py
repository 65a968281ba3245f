"""Routes ordered for lookups: machines with a routing daemon have tens of thousands of them."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct, field

from landiag.model.facts import IPAddress, IPNetwork
from landiag.model.remember import remember
from landiag.model.route import Route

_TABLE_NAMES = {"254": "main", "255": "local", "253": "default"}

_Lengths = dict[int, dict[int, list[Route]]]
"""The routes of a table: by prefix length, the longest first, then by network."""


class RouteIndex(Struct):
    """The routes of a host by table, IP version, prefix length and network; in each the order of the listing.

    ``defaults`` are the routes of the main table that lead everywhere. ``_edges`` are, by IP version, the first and
    the last address of every network that is neither an own address nor a broadcast one, in order.
    """

    defaults: tuple[Route, ...] = ()
    _tables: dict[tuple[str, int], _Lengths] = field(default_factory=dict)
    _edges: dict[int, list[tuple[int, int]]] = field(default_factory=dict)

    def matching(self, table: str | None, address: IPAddress) -> Iterator[list[Route]]:
        """The routes of a table that hold an address: a list for each prefix length, the longest first."""
        number, bits = int(address), address.max_prefixlen
        for length, networks in self._tables.get((table_name(table) or "", address.version), {}).items():
            found = networks.get(number >> (bits - length))
            if found:
                yield found

    def edges(self, network: IPNetwork) -> list[int]:
        """Where routes that begin inside a network tell its addresses apart."""
        ranges = self._edges.get(network.version, [])
        low, high = (bisect_left(ranges, (int(one), -1)) for one in (network[0], int(network[-1]) + 1))
        return [edge for first, last in ranges[low:high] for edge in (first, last + 1)]


def table_name(table: str | None) -> str | None:
    """The name of a table that may be given by its number."""
    return None if table is None else _TABLE_NAMES.get(table, table)


@remember
def index_routes(routes: Sequence[Route]) -> RouteIndex:
    """The index of these very routes: made once, for they are asked thousands of times."""
    tables: dict[tuple[str, int], dict[int, dict[int, list[Route]]]] = {}
    edges: dict[int, list[tuple[int, int]]] = {4: [], 6: []}
    for route in routes:
        network = route.destination
        first, length, bits = int(network.network_address), network.prefixlen, network.max_prefixlen
        lengths = tables.setdefault((table_name(route.table) or "", network.version), {})
        lengths.setdefault(length, {}).setdefault(first >> (bits - length), []).append(route)
        if route.kind not in ("local", "broadcast"):
            edges[network.version].append((first, first | ((1 << (bits - length)) - 1)))
    for ranges in edges.values():
        ranges.sort()
    ordered = {key: _longest_first(lengths) for key, lengths in tables.items()}
    defaults = tuple(route for route in routes if route.destination.prefixlen == 0 and route.table == "main")
    return RouteIndex(defaults, ordered, edges)


def _longest_first(lengths: Mapping[int, dict[int, list[Route]]]) -> _Lengths:
    return {length: lengths[length] for length in sorted(lengths, reverse=True)}
