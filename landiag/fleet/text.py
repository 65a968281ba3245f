"""A fleet for the terminal: whatever was recorded is escaped."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from landiag.fleet.compare import Change
from landiag.fleet.drift import Group
from landiag.fleet.exposed import describe_gap, unread_hosts
from landiag.fleet.fate import CellVerdict
from landiag.fleet.hosts import Host, describe_age
from landiag.fleet.judge import Result, State
from landiag.fleet.reach import Reach
from landiag.fleet.rows import Row, rank
from landiag.render.escape import escape_text

NAMED = 8
"""How many names one line lists."""

_OLDEST = 5


def names(found: Sequence[str], most: int = NAMED) -> str:
    """Names in a line, the rest counted."""
    shown = ", ".join(found[:most])
    return f"{shown} and {len(found) - most} more" if len(found) > most else shown


def count(number: int, noun: str) -> str:
    """A number of things: ``1 host``, ``3 hosts``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def render_lines(lines: Iterable[str]) -> str:
    """Lines as text for a terminal."""
    return "".join(f"{escape_text(line)}\n" for line in lines)


def report_lines(reach: Reach, rows: Sequence[Row], groups: Sequence[Group], now: float) -> Iterator[str]:
    """The overview: what is not known, what is exposed, drift, old recordings."""
    listeners = sum(len(host.ports) for host in reach.hosts)
    yield f"{count(len(reach.hosts), 'host')}, {count(listeners, 'port')} open for others"
    yield from unread_lines(reach)
    yield from _untold(reach, rows, frozenset(host.name for host in unread_hosts(reach)))
    yield from _contradicted(rows)
    exposed = [row for row in sorted(rows, key=rank) if row.clients(CellVerdict.REACHABLE)]
    yield ""
    yield "Exposed (port, who reaches it):" if exposed else _say_unexposed(rows)
    for row in exposed:
        clients = row.clients(CellVerdict.REACHABLE)
        yield f"  {_title(reach, row)}: {count(len(clients), 'host')}: {names(clients)}"
    yield from drift_lines(groups)
    yield from _oldest(reach.hosts, now)


def unread_lines(reach: Reach) -> Iterator[str]:
    """The hosts of which something that decides could not be read; nothing where all was."""
    unread = unread_hosts(reach)
    if unread:
        yield ""
        yield f"Can't tell ({count(len(unread), 'host')}):"
        yield from (f"  {host.name}: {describe_gap(host)}" for host in unread)


def _say_unexposed(rows: Sequence[Row]) -> str:
    is_told = not any(row.clients(CellVerdict.UNKNOWN) for row in rows)
    return f"No listener is {'' if is_told else 'known to be '}reached by another recorded host."


def _untold(reach: Reach, rows: Sequence[Row], unread: frozenset[str]) -> Iterator[str]:
    """Ports of which nobody can tell who reaches them, by the reason; hosts that were not read have been named."""
    places: dict[str, list[str]] = {}
    for row in sorted(rows, key=rank):
        for part in row.parts:
            is_named = row.server in unread or unread.issuperset(part.clients)
            if part.fate.verdict is CellVerdict.UNKNOWN and not is_named:
                places.setdefault(part.fate.detail, []).append(_title(reach, row))
    if places:
        yield ""
        yield f"Can't tell who reaches {count(len({one for some in places.values() for one in some}), 'port')}:"
    for why, where in places.items():
        yield f"  {names(where)}: {why}"


def _contradicted(rows: Sequence[Row]) -> Iterator[str]:
    found = [(row, part) for row in rows for part in row.parts if part.cell.agrees is False]
    if found:
        yield ""
        yield "Probes that contradict what was computed:"
    for row, part in found:
        yield f"  {names(part.clients)} to {row.server} port {row.port}: {part.fate.detail}"


def _title(reach: Reach, row: Row) -> str:
    host = reach.by_name.get(row.server)
    program = "" if host is None else host.program(row.port)
    where = " ".join(filter(None, (row.server, row.address, f"port {row.port}" if row.port else "")))
    return f"{where} ({program})" if program else where


def _oldest(hosts: Iterable[Host], now: float) -> Iterator[str]:
    aged = sorted((host.created, host.name) for host in hosts if host.created is not None)
    if aged:
        yield ""
        yield "Oldest recordings:"
        yield from (f"  {name}: {describe_age(now - created)}" for created, name in aged[:_OLDEST])


def matrix_lines(reach: Reach, rows: Sequence[Row], nothing: str = "") -> Iterator[str]:
    """Every row, and in it the clients that fare alike; ``nothing`` is said where there is none."""
    if not rows:
        yield nothing or _say_no_cells(reach)
    for row in sorted(rows, key=lambda one: (one.server, one.port, one.address)):
        yield _title(reach, row)
        for part in row.parts:
            why = f"  [{part.fate.cause or '-'}] {part.fate.detail}" if part.fate.detail else ""
            yield f"  {part.fate.verdict.value:<12} {names(part.clients)}{why}"


def _say_no_cells(reach: Reach) -> str:
    if len(reach.hosts) < 2:
        return "No host here can be asked by another: record two or more."
    return "No recorded host is known to listen for others."


def drift_lines(groups: Sequence[Group]) -> Iterator[str]:
    """The groups, each with the packet that shows how it differs from the largest."""
    if not groups:
        return
    yield ""
    if len(groups) == 1:
        alike = count(len(groups[0].hosts), "host")
        yield f"No drift: the firewalls of {alike} do the same on every port that is listened on or named by rules."
        return
    yield f"Drift: {len(groups)} groups of hosts whose firewalls mean different things:"
    for group in groups:
        yield f"  {group.digest}  {count(len(group.hosts), 'host')}: {names(group.hosts)}"
        if group.differs is not None:
            yield f"      {group.differs.text}: {group.answer}; the first group: {group.usual}"


def result_lines(results: Sequence[Result]) -> Iterator[str]:
    """The results of a policy, what is violated first."""
    order = {State.VIOLATED: 0, State.UNKNOWN: 1, State.HOLDS: 2}
    marks = {State.VIOLATED: "VIOLATED", State.UNKNOWN: "UNKNOWN ", State.HOLDS: "holds   "}
    for one in sorted(results, key=lambda result: order[result.state]):
        yield f"{marks[one.state]} {one.expectation.number}. {one.expectation.title}"
        if one.state is not State.HOLDS:
            yield f"         {one.why}"
            decided = one.cells[0].fate.decided_by if one.cells else None
            if decided is not None:
                yield f"         decided by {decided['owner']} on {decided['host']}: {decided['rule']}"
            if len(one.cells) > 1:
                yield f"         and {len(one.cells) - 1} more of {one.count} connections"
    counts = {state: sum(one.state is state for one in results) for state in State}
    yield f"{counts[State.HOLDS]} hold, {counts[State.VIOLATED]} violated, {counts[State.UNKNOWN]} unknown"


def change_lines(changes: Sequence[Change], came: Sequence[str], gone: Sequence[str]) -> Iterator[str]:
    """What changed between two states."""
    if came:
        yield f"New hosts: {names(came)}"
    if gone:
        yield f"Hosts that are gone: {names(gone)}"
    for change in changes:
        cell = change.new or change.old
        assert cell is not None
        was = "-" if change.old is None else change.old.fate.verdict.value
        now = "-" if change.new is None else change.new.fate.verdict.value
        yield f"{cell.client} to {cell.server} {cell.address} port {cell.port}: {was}, now {now}: {cell.fate.detail}"
    if not (changes or came or gone):
        yield "Nothing changed."
