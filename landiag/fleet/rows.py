"""Cells put together: a row for each port of each host, and in it the clients that fare alike."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from landiag.fleet.exposed import ORDER
from landiag.fleet.fate import Cell, CellVerdict, Fate


class Alike(Struct, frozen=True):
    """Clients of one row that fare alike, and one of their cells."""

    cell: Cell
    clients: tuple[str, ...]

    @property
    def fate(self) -> Fate:
        """What becomes of their connections."""
        return self.cell.fate


class Row(Struct, frozen=True):
    """One port of one host's address: its clients by how they fare, what has to be looked at first."""

    server: str
    port: int
    address: str
    parts: tuple[Alike, ...]

    def clients(self, verdict: CellVerdict) -> tuple[str, ...]:
        """The clients with a verdict."""
        return tuple(name for part in self.parts if part.fate.verdict is verdict for name in part.clients)


def make_rows(cells: Iterable[Cell]) -> tuple[Row, ...]:
    """Put cells together by server, port and address."""
    rows: dict[tuple[str, int, str], dict[tuple[object, ...], tuple[Cell, list[str]]]] = {}
    place: tuple[object, ...] = ()
    same: dict[tuple[Fate, bool | None], list[str]] = {}
    for cell in cells:
        # Cells of one place come one after the other, and most share their fate: a look at both is all they cost.
        if place != (cell.server, cell.port, id(cell.address)):
            place, same = (cell.server, cell.port, id(cell.address)), {}
        clients = same.get((cell.fate, cell.agrees))
        if clients is None:
            clients = same[cell.fate, cell.agrees] = _alike(rows, cell)
        clients.append(cell.client)
    return tuple(
        Row(server, port, address, _sorted(parts.values())) for (server, port, address), parts in rows.items()
    )


def _alike(
    rows: dict[tuple[str, int, str], dict[tuple[object, ...], tuple[Cell, list[str]]]], cell: Cell
) -> list[str]:
    """The clients of a cell's row that fare as its client does."""
    row = rows.setdefault((cell.server, cell.port, "" if cell.address is None else str(cell.address)), {})
    fate = cell.fate
    return row.setdefault((fate.verdict, fate.cause, fate.detail, cell.agrees), (cell, []))[1]


def _sorted(parts: Iterable[tuple[Cell, list[str]]]) -> tuple[Alike, ...]:
    made = [Alike(cell, tuple(dict.fromkeys(clients))) for cell, clients in parts]
    return tuple(sorted(made, key=lambda one: (ORDER[one.fate.verdict], -len(one.clients))))


def rank(row: Row) -> tuple[object, ...]:
    """Where a row stands in a report: unknown first, then the most exposed."""
    unknown = bool(row.clients(CellVerdict.UNKNOWN))
    return not unknown, -len(row.clients(CellVerdict.REACHABLE)), row.server, row.port
