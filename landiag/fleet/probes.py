"""Live probes: the fewest that show each class of cells once, and what their outcomes say of the computed cells."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from ipaddress import ip_address
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from landiag.fleet.fate import REACHED, Basis, Cell, CellVerdict, Fate
from landiag.model.causes.clients import (
    CONNECTION_FILTERED,
    CONNECTION_REFUSED,
    CONNECTION_REJECTED,
    CONNECTION_RESET,
)
from landiag.model.facts import IPAddress, ParseError
from landiag.model.terms import Symptom

_OPEN = (Symptom.ANSWERED, Symptom.SILENT, Symptom.STALLED)
"""Outcomes of a connection that opened: a listener that says nothing is reached all the same."""

_CAUSES = {
    Symptom.REFUSED: CONNECTION_REFUSED.code,
    Symptom.UNREACHABLE: CONNECTION_REJECTED.code,
    Symptom.RESET: CONNECTION_RESET.code,
}
BETWEEN = "something between the two hosts stops it: it was computed as reachable, and the probe did not get through"
MODEL = "landiag computed it wrongly: the probe got through where a recorded host should have stopped it"
SINCE = "the probe was answered, where nothing listened when the host was recorded"


class Outcome(Struct, frozen=True):
    """What a probe found. ``stub``: where nobody listened, something was put there to take connections."""

    symptom: Symptom
    stub: bool = False

    @property
    def is_open(self) -> bool:
        """Whether the connection opened."""
        return self.symptom in _OPEN


Outcomes = Mapping[tuple[str, str, str, int], Outcome]
"""What probes found, by client, server, address and port."""


class Plan(Struct, frozen=True):
    """One probe. ``expect`` is the computed verdict."""

    id: str
    cell: Cell

    @property
    def document(self) -> dict[str, Any]:
        """It as the contract has it."""
        cell = self.cell
        return {
            "id": self.id,
            "from": cell.client,
            "to": cell.server,
            "address": str(cell.address),
            "port": cell.port,
            "expect": cell.fate.verdict.value,
        }


def plan_probes(
    cells: Iterable[Cell], first: frozenset[tuple[str, str, int]] = frozenset()
) -> tuple[Plan, ...]:
    """Choose one cell of each class; those of ``first`` (client, server, port: what contradicts a policy) lead."""
    chosen: dict[tuple[object, ...], Cell] = {}
    for cell in cells:
        if cell.address is None or cell.source is None:
            continue
        leads = (cell.client, cell.server, cell.port) in first
        key = (cell.server, cell.address, cell.port, id(cell.fate), leads)
        chosen.setdefault(key, cell)
    ordered = sorted(chosen.values(), key=lambda one: (one.client, one.server, one.port) not in first)
    return tuple(Plan(_name(one), one) for one in ordered)


def _name(cell: Cell) -> str:
    text = f"{cell.client}\n{cell.server}\n{cell.address}\n{cell.port}\n{cell.protocol}"
    return hashlib.blake2b(text.encode("utf-8", "backslashreplace"), digest_size=8).hexdigest()


def parse_outcomes(text: str) -> Outcomes:
    """Parse the probes' lines with their ``outcome``. Raises ParseError that names the line."""
    found: dict[tuple[str, str, str, int], Outcome] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            item = json.loads(line)
            address = str(ip_address(item["address"]))
            key = (str(item["from"]), str(item["to"]), address, int(item["port"]))
            found[key] = Outcome(Symptom(item["outcome"]), stub=item.get("stub") is True)
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise ParseError(
                f"line {number} is no probe with an outcome: {type(error).__name__} {error}"
            ) from error
    return found


def with_outcomes(cells: Iterable[Cell], outcomes: Outcomes) -> Iterator[Cell]:
    """Join what was computed with what was probed; a probe that could not be made says nothing."""
    for cell in cells:
        outcome = outcomes.get((cell.client, cell.server, _text(cell.address), cell.port))
        if outcome is None or outcome.symptom in (Symptom.UNKNOWN, Symptom.UNRESOLVED):
            yield cell
        else:
            yield _join(cell, outcome)


def _text(address: IPAddress | None) -> str:
    return "" if address is None else str(address)


def _join(cell: Cell, outcome: Outcome) -> Cell:
    """What was seen outranks what was computed; where both are certain they agree or not."""
    computed = cell.fate.verdict
    if computed is CellVerdict.UNKNOWN:
        fate = REACHED if outcome.is_open else _stopped(outcome.symptom, "the probe did not get through")
        return replace(cell, fate=fate, basis=Basis.PROBED)
    if _agree(cell.fate, outcome):
        return replace(cell, basis=Basis.BOTH, agrees=True)
    if outcome.is_open:
        why = SINCE if computed is CellVerdict.NO_LISTENER else MODEL
        fate = Fate(CellVerdict.REACHABLE, None, cell.fate.decided_by, why, outcome.symptom)
    else:
        fate = _stopped(outcome.symptom, BETWEEN)
    return replace(cell, fate=fate, basis=Basis.BOTH, agrees=False)


def _agree(fate: Fate, outcome: Outcome) -> bool:
    """Whether a probe, which sends nothing over its connection, found what a certain fate says."""
    if fate.verdict is CellVerdict.REACHABLE:
        return outcome.is_open
    if fate.verdict is CellVerdict.NO_LISTENER:
        return outcome.is_open if outcome.stub else outcome.symptom is Symptom.REFUSED
    if not outcome.is_open or fate.symptom is Symptom.VARIES:
        return True
    # What lets a connection open and stops what is sent over it shows as silence.
    return outcome.symptom is Symptom.SILENT and fate.symptom in (*_OPEN, Symptom.RESET)


def _stopped(outcome: Symptom, detail: str) -> Fate:
    cause = _CAUSES.get(outcome, CONNECTION_FILTERED.code)
    return Fate(CellVerdict.BLOCKED, cause, None, detail, outcome)
