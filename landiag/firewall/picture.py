"""Who reaches what as a grid: ranges of ports across, sources down, in each field what becomes of such packets."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from landiag.firewall.engine.nodes import Space, pieces, under
from landiag.firewall.engine.ranges import normal
from landiag.firewall.engine.spaces import Axis
from landiag.firewall.reach import alike, say_interface
from landiag.firewall.regions import Regions
from landiag.firewall.said import say_ports, say_who
from landiag.firewall.scope import Kind
from landiag.model.operands import Ranges
from landiag.model.ruleset import Verdict

MOST = 48
"""So many columns and rows are drawn; a picture that is larger says so."""


Field = tuple[Verdict, ...]
"""What becomes of the packets of some sources to some ports."""


class Grid(Struct, frozen=True):
    """One picture: its heading, the ranges of ports, and for each set of sources what becomes of its packets:
    several verdicts where it hangs on the address that they are sent to, or on the port that they come from.

    ``left_out`` tells how many columns and rows are not drawn.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Field, ...]], ...]
    left_out: tuple[int, int] = (0, 0)


def draw_grids(found: Regions) -> tuple[Grid, ...]:
    """A grid for each protocol and IP version, and for the interfaces that fare alike."""
    return tuple(
        _draw(found, Kind(version, protocol, names[0]), names)
        for version in found.scope.versions
        for protocol in found.scope.protocols
        for names in alike(found, version, protocol)
    )


def _draw(found: Regions, kind: Kind, names: tuple[str, ...]) -> Grid:
    spaces = {verdict: found.space(kind, verdict) for verdict in Verdict}
    asked = found.asked(kind.version)
    top = found.universes[kind.version].tops[Axis.SOURCE]
    ports = _spans(_port_edges(spaces.values()), asked[Axis.PORT] or ())
    sources = _spans((low for one in spaces.values() for low in _starts(one)), asked[Axis.SOURCE] or ())
    rows: dict[tuple[Field, ...], list[tuple[int, int]]] = {}
    for low, high in sources:
        row = tuple(_field(spaces, (low, port)) for port, _ in ports[:MOST])
        rows.setdefault(row, []).append((low, high))
    joined = [(normal(spans, top), row) for row, spans in rows.items()]
    joined.sort(key=lambda item: -sum(high - low + 1 for low, high in item[0]))
    every = len(names) == len(found.interfaces(kind.version, kind.protocol))
    by = "" if every else f" by {', '.join(say_interface(name) for name in names)}"
    return Grid(
        f"{kind.protocol.upper()} over IPv{kind.version}{by}",
        tuple(say_ports((span,)) for span in ports[:MOST]),
        tuple(
            (say_who(spans, asked[Axis.SOURCE] or (), kind.version, top), row) for spans, row in joined[:MOST]
        ),
        (max(0, len(ports) - MOST), max(0, len(joined) - MOST)),
    )


def _starts(space: Space) -> Iterable[int]:
    return space[0] if isinstance(space, tuple) else ()


def _port_edges(spaces: Iterable[Space]) -> set[int]:
    edges: set[int] = set()
    done: set[int] = set()
    for space in spaces:
        for _, _, kid in pieces(space, 0) if isinstance(space, tuple) else ():
            if id(kid) not in done:
                done.add(id(kid))
                edges.update(_starts(kid))
    return edges


def _spans(edges: Iterable[int], asked: Ranges) -> list[tuple[int, int]]:
    """The intervals into which edges cut what was asked for."""
    cuts = set(edges)
    found: list[tuple[int, int]] = []
    for low, high in asked:
        starts = sorted({low, *(edge for edge in cuts if low < edge <= high)})
        found += zip(starts, (*(start - 1 for start in starts[1:]), high), strict=True)
    return found


def _field(spaces: dict[Verdict, Space], point: tuple[int, int]) -> Field:
    found = tuple(one for one, space in spaces.items() if under(space, point) is not None)
    return found or (Verdict.UNKNOWN,)
