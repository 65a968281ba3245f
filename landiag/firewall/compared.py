"""Two rulesets held against each other over all packets: what a change opens, and whether both do the same."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct

from landiag.firewall.engine.nodes import Space
from landiag.firewall.regions import Cell, Region, Regions, find_regions
from landiag.firewall.scope import OTHER, Kind, Scope
from landiag.firewall.touched import touched
from landiag.model.action import answer_of
from landiag.model.ruleset import Ruleset, Verdict


class Opens(Struct, frozen=True):
    """What a change opens: the packets that are accepted for certain after it and were not before.

    ``doubt`` are those of which nobody can tell any more, or for the first time. ``is_whole`` is False where
    nobody speaks for some packets: then nothing is told.
    """

    regions: tuple[Region, ...] = ()
    doubt: tuple[Region, ...] = ()
    is_whole: bool = True


def what_opens(before: Ruleset, after: Ruleset, scope: Scope) -> Opens:
    """Compare two rulesets over every packet of a scope, in both directions of its conversation.

    Packets that were perhaps accepted and now are for certain count as opened. Kinds of packets that the change
    cannot touch are not looked at.
    """
    both = _old_and_new(before, after, touched(before, after, scope))
    if both is None:
        return Opens(is_whole=False)
    old, new = both
    opened: list[tuple[Kind, Space]] = []
    doubt: list[tuple[Kind, Space]] = []
    for kind in new.cells:
        universe = new.universes[kind.version]
        for grown, verdict in ((opened, Verdict.ACCEPT), (doubt, Verdict.UNKNOWN)):
            more = universe.subtract(new.space(kind, verdict), old.space(kind, verdict))
            grown.append((kind, more))
    return Opens(
        tuple(_by_kind(opened, Verdict.ACCEPT, new)),
        tuple(_by_kind(doubt, Verdict.UNKNOWN, new)),
    )


def _old_and_new(before: Ruleset, after: Ruleset, scope: Scope) -> tuple[Regions, Regions] | None:
    """The regions after a change, and what became before it of those that are accepted or in doubt now.

    None where too many packets have to speak for others, or nobody can.
    """
    names: set[str] = set()
    while True:
        new = find_regions(after, scope, names)
        if new.runs >= scope.most_runs or not new.is_whole:
            return None
        old = find_regions(before, scope, _names(new), new, _of_interest(new))
        if old.runs >= scope.most_runs or not old.is_whole:
            return None
        fresh = _names(old) - _names(new) - names
        if not fresh:
            return old, new
        names |= fresh


def _of_interest(found: Regions) -> dict[Kind, Space]:
    verdicts = (Verdict.ACCEPT, Verdict.UNKNOWN)
    return {
        kind: found.universes[kind.version].unite([found.space(kind, verdict) for verdict in verdicts])
        for kind in found.cells
    }


def find_both(
    before: Ruleset, after: Ruleset, scope: Scope, old_scope: Scope | None = None
) -> tuple[Regions, Regions]:
    """The regions of two rulesets, told apart by the interfaces that either names."""
    asked = old_scope or scope
    old = find_regions(before, asked)
    new = find_regions(after, scope, _names(old), old)
    more = _names(new) - _names(old)
    return (find_regions(before, asked, _names(new), old) if more else old), new


def _names(found: Regions) -> set[str]:
    return {kind.interface for kind in found.cells} - {OTHER}


def _by_kind(spaces: Sequence[tuple[Kind, Space]], verdict: Verdict, found: Regions) -> Iterator[Region]:
    groups: dict[tuple[int, str, Space], list[str]] = {}
    for kind, space in spaces:
        if space is not None:
            groups.setdefault((kind.version, kind.protocol, space), []).append(kind.interface)
    for (version, protocol, space), names in groups.items():
        every = len(names) == len(found.interfaces(version, protocol))
        yield Region(protocol, version, None if every else tuple(names), space, verdict)


def digest(found: Regions) -> str | None:
    """A digest of what a firewall does: where it is equal, rulesets do the same, however they are written.

    None where nobody can tell for want of a rule that says on what it hangs.
    """
    from hashlib import sha256

    cells = (cell for several in found.cells.values() for cell in several)
    if any(cell.verdict is Verdict.UNKNOWN and _why(cell) is None for cell in cells):
        return None
    hashed = sha256()
    for version in found.scope.versions:
        for protocol in found.scope.protocols:
            for line in _meaning(found, version, protocol):
                hashed.update(line.encode())
    return hashed.hexdigest()


def _why(cell: Cell) -> str | None:
    """The rule on which an unknown verdict hangs, as it is written: two that differ may do different things."""
    line = cell.decided_by
    return None if line is None or line.rule is None else line.rule_text


def _meaning(found: Regions, version: int, protocol: str) -> Iterator[str]:
    """What becomes of the packets of each interface; those that fare like any other are not told."""
    said = {
        name: _spelled(found, Kind(version, protocol, name)) for name in found.interfaces(version, protocol)
    }
    for name in sorted(said):
        usual = max((other for other in said if _covers(other, name)), key=len, default=None)
        if usual is None or said[usual] != said[name]:
            yield f"{version} {protocol} {name} {said[name]}\n"


def _covers(pattern: str, name: str) -> bool:
    return pattern.endswith("*") and pattern != name and name.rstrip("*").startswith(pattern[:-1])


def _how(cell: Cell) -> str:
    """What a verdict alone does not say: on what it hangs, or what a rejection answers."""
    if cell.verdict is Verdict.UNKNOWN:
        return _why(cell) or ""
    told = cell.told.told
    return "" if told is None or cell.verdict is not Verdict.REJECT else answer_of(told.reject_with)


def _spelled(found: Regions, kind: Kind) -> str:
    universe, alike = found.universes[kind.version], dict[tuple[str, str], list[Space]]()
    for cell in found.cells[kind]:
        alike.setdefault((cell.verdict.value, _how(cell)), []).append(cell.space)
    parts = {key: list(universe.boxes(universe.unite(spaces))) for key, spaces in alike.items()}
    return " ".join(f"{key} {boxes}" for key, boxes in sorted(parts.items()))
