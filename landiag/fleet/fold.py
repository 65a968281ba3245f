"""The map of a fleet made small: clients that fare alike everywhere are one column, ports that say the same one row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct, field

from landiag.fleet.fate import Fate
from landiag.fleet.rows import Row


class Map(Struct, frozen=True):
    """Columns are classes of clients, rows are ports; both hold those that are alike.

    A fate is None where no client of the column tries the port: a host does not try its own.
    """

    columns: tuple[tuple[str, ...], ...]
    rows: tuple[tuple[tuple[Row, ...], tuple[Fate | None, ...]], ...]


class _Column(Struct):
    """Clients that fare alike. ``marks`` has what is said of them by row; ``total`` is all of it in one number."""

    clients: list[str]
    fates: dict[int, Fate]
    marks: dict[int, int]
    total: int = 0
    own: set[int] = field(default_factory=set)


def fold(rows: Sequence[Row]) -> Map:
    """Put together what is alike."""
    columns: list[_Column] = []
    for one in _each_client(rows):
        same = next((column for column in columns if _is_alike(one, column)), None)
        if same is None:
            columns.append(one)
        else:
            _add(same, one)
    return Map(tuple(tuple(one.clients) for one in columns), _fold_rows(rows, columns))


def _each_client(rows: Sequence[Row]) -> list[_Column]:
    """A column for each client; what is said of it in a row is a number that no other row has."""
    columns: dict[str, _Column] = {}
    own: dict[str, set[int]] = {}
    for number, row in enumerate(rows):
        own.setdefault(row.server, set()).add(number)
        for part in row.parts:
            mark = hash((number, part.fate.verdict, part.fate.cause))
            for client in part.clients:
                column = columns.get(client) or columns.setdefault(client, _Column([client], {}, {}))
                column.fates[number], column.marks[number] = part.fate, mark
                column.total ^= mark
    for name, column in columns.items():
        column.own = own.get(name, set()) - column.marks.keys()
    return [columns[name] for name in sorted(columns)]


def _is_alike(one: _Column, other: _Column) -> bool:
    """Whether two columns say the same wherever both say anything: only a host's own ports may lack in either."""
    return one.total ^ _said(one.marks, other.own) == other.total ^ _said(other.marks, one.own)


def _said(marks: Mapping[int, int], rows: set[int]) -> int:
    total = 0
    for row in rows:
        total ^= marks.get(row, 0)
    return total


def _add(column: _Column, one: _Column) -> None:
    """Take a client into a column, and what is said of it where the column says nothing yet."""
    column.clients += one.clients
    for row in column.own & one.marks.keys():
        column.fates[row], column.marks[row] = one.fates[row], one.marks[row]
        column.total ^= one.marks[row]
    column.own -= one.marks.keys()


def _fold_rows(
    rows: Sequence[Row], columns: Sequence[_Column]
) -> tuple[tuple[tuple[Row, ...], tuple[Fate | None, ...]], ...]:
    folded: dict[tuple[object, ...], tuple[list[Row], tuple[Fate | None, ...]]] = {}
    for number, row in enumerate(rows):
        line = tuple(column.fates.get(number) for column in columns)
        key = (row.port, *(None if fate is None else (fate.verdict, fate.cause) for fate in line))
        folded.setdefault(key, ([], line))[0].append(row)
    return tuple((tuple(same), line) for same, line in folded.values())
