"""Two states of a fleet side by side: which cells changed, which hosts came and went."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from landiag.fleet.fate import Cell
from landiag.fleet.reach import Reach


class Change(Struct, frozen=True):
    """A cell that changed; None where it was not there before, or is not now."""

    old: Cell | None
    new: Cell | None


def host_changes(old: Reach, new: Reach) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The hosts that only the new, and only the old state has."""
    before, after = set(old.by_name), set(new.by_name)
    return tuple(sorted(after - before)), tuple(sorted(before - after))


def compare(old: Reach, new: Reach) -> Iterator[Change]:
    """The cells whose verdict or cause changed, of hosts that both states have, on ports that either listens on."""
    both = sorted(old.by_name.keys() & new.by_name.keys())
    for server in both:
        ports = sorted({*old.by_name[server].ports, *new.by_name[server].ports})
        for client in both:
            if client != server:
                for port in ports:
                    yield from _compare(old, new, client, server, port)


def _compare(old: Reach, new: Reach, client: str, server: str, port: int) -> Iterator[Change]:
    before, after = (
        {one.address: one for one in reach.cells(reach.by_name[client], reach.by_name[server], port)}
        for reach in (old, new)
    )
    for address in dict.fromkeys((*before, *after)):
        was, now = before.get(address), after.get(address)
        if was is None or now is None or _said(was) != _said(now):
            yield Change(was, now)


def _said(cell: Cell) -> tuple[object, ...]:
    return cell.fate.verdict, cell.fate.cause
