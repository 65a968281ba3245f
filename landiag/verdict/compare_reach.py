"""What changed in what a firewall means: who has gained or lost which ports, whatever its rules look like."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from landiag.firewall.compared import find_both
from landiag.firewall.engine.nodes import Space
from landiag.firewall.engine.spaces import Axis
from landiag.firewall.owners import find_owner
from landiag.firewall.reach import say_interface
from landiag.firewall.regions import Cell, Regions
from landiag.firewall.said import say_ports, say_who
from landiag.firewall.scope import Kind, Scope
from landiag.journey.scope import machine_scope
from landiag.model.facts import Unknown
from landiag.model.host import Facts
from landiag.model.packet import Packet
from landiag.model.ruleset import Ruleset, Verdict

MAX_RULES = 10_000
"""Larger rulesets are compared by their text alone."""


def compare_machines(before: Facts, after: Facts) -> tuple[str, ...]:
    """Say who has gained or lost what at a machine's addresses of now; nothing where its rules were not read."""
    old, new = before.ruleset, after.ruleset
    if isinstance(old, Unknown) or isinstance(new, Unknown):
        return ()
    return compare_rulesets(old, new, machine_scope(after, Packet()), machine_scope(before, Packet()))


def compare_rulesets(
    before: Ruleset, after: Ruleset, scope: Scope, old_scope: Scope | None = None
) -> tuple[str, ...]:
    """Say who has gained or lost what. ``old_scope`` gives the surroundings of before, where they differ."""
    most = max(sum(len(chain.rules) for chain in one.chains()) for one in (before, after))
    if most > MAX_RULES:
        told = f"what {most} rules do is not compared: {MAX_RULES} are the most"
        return () if _are_the_same(before, after) else (told,)
    around = scope.around if old_scope is None else old_scope.around
    old, new = find_both(before, after, scope, replace(scope, around=around))
    changes = [text for kind in new.cells for text in _changes(after, old, new, kind)]
    if not (old.is_whole and new.is_whole) and not _are_the_same(before, after):
        changes.insert(0, "more may have changed: these rules treat packets in more ways than are compared")
    return tuple(changes)


def _are_the_same(before: Ruleset, after: Ruleset) -> bool:
    return before.texts == after.texts and before.texts != ()


def _changes(after: Ruleset, old: Regions, new: Regions, kind: Kind) -> Iterator[str]:
    """One line for all that one rule changes, however many cells that is."""
    was = {verdict: _spoken_for(old, kind, verdict) for verdict in Verdict}
    universe, parts = new.universes[kind.version], dict[tuple[str, str], list[Space]]()
    for cell in new.cells[kind]:
        for verdict, space in was.items():
            verb = None if cell.told.told is None else _verb(verdict, cell.verdict)
            if verb is not None:
                parts.setdefault((verb, _by(after, cell)), []).append(universe.intersect(space, cell.space))
    for (verb, by), spaces in parts.items():
        yield from (f"{text}{by}" for text in _say(new, kind, universe.unite(spaces), verb))


_SURE = {Verdict.DROP: 0, Verdict.REJECT: 0, Verdict.UNKNOWN: 1, Verdict.ACCEPT: 2}
"""How sure it is that packets are let in."""


def _verb(old: Verdict, new: Verdict) -> str | None:
    """What has happened to those whose packets met one verdict and meet another; None where nothing has."""
    change = _SURE[new] - _SURE[old]
    if change:
        return f"{'may have ' if abs(change) == 1 else ''}{'gained' if change > 0 else 'lost'}"
    if old is new:
        return None
    return (
        "is now rejected, no longer dropped, at"
        if new is Verdict.REJECT
        else "is now dropped, no longer rejected, at"
    )


def _spoken_for(found: Regions, kind: Kind, verdict: Verdict) -> Space:
    """The packets that meet a verdict; those that nobody has spoken for are left out."""
    cells = [
        cell.space
        for cell in found.cells.get(kind, ())
        if cell.verdict is verdict and cell.told.told is not None
    ]
    return found.universes[kind.version].unite(cells)


def _by(after: Ruleset, cell: Cell) -> str:
    line, told = cell.decided_by, cell.told.told
    if line is None or told is None:
        return ""
    return f"; decided by {find_owner(after, line, told.lines).text}: {line.rule_text}"


def _say(found: Regions, kind: Kind, space: Space, verb: str) -> Iterator[str]:
    asked = found.asked(kind.version)[Axis.SOURCE] or ()
    top = found.universes[kind.version].tops[Axis.SOURCE]
    names = found.interfaces(kind.version, kind.protocol)
    by = f" by {say_interface(kind.interface)}" if len(names) > 1 else ""
    for sources, ports, *_ in found.universes[kind.version].boxes(space):
        who = say_who(sources or (), asked, kind.version, top)
        yield f"{who}{by} {verb} {kind.protocol} {say_ports(ports or ())} over IPv{kind.version}"
