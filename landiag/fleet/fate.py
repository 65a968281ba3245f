"""What becomes of one class of connections between two hosts, and the cell that says so."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from landiag.model.facts import IPAddress
from landiag.model.packet import CLIENT_PORT
from landiag.model.terms import Leg, Symptom, Word


class CellVerdict(Word):
    """What a cell says."""

    REACHABLE = "reachable"
    BLOCKED = "blocked"
    NO_LISTENER = "no-listener"
    UNKNOWN = "unknown"


class Basis(Word):
    """How a cell is known."""

    COMPUTED = "computed"
    PROBED = "probed"
    BOTH = "both"


class Fate(Struct, frozen=True, eq=False):
    """What one host's half of a connection, or both together, come to.

    ``cause`` is a code of the contract, ``decided_by`` the rule that decides with its host (None where none does),
    ``detail`` a sentence for people, ``leg`` the packet that is stopped.
    """

    verdict: CellVerdict
    cause: str | None = None
    decided_by: dict[str, Any] | None = None
    detail: str = ""
    symptom: Symptom = Symptom.UNKNOWN
    leg: str | None = None


REACHED = Fate(CellVerdict.REACHABLE, symptom=Symptom.ANSWERED)


def unknown(detail: str, cause: str | None = None, decided_by: dict[str, Any] | None = None) -> Fate:
    """A fate that nobody can tell; ``detail`` says why."""
    return Fate(CellVerdict.UNKNOWN, cause, decided_by, detail)


def blocked(
    cause: str,
    detail: str,
    symptom: Symptom = Symptom.TIMEOUT,
    decided_by: dict[str, Any] | None = None,
    leg: str | None = Leg.SYN,
) -> Fate:
    """A fate that is certain: the connection is stopped."""
    return Fate(CellVerdict.BLOCKED, cause, decided_by, detail, symptom, leg)


class Cell(Struct, frozen=True, gc=False):
    """One connection: from a host (or a zone) to an address and port of another. ``source`` is the client's address."""

    client: str
    server: str
    address: IPAddress | None
    port: int
    fate: Fate
    source: IPAddress | None = None
    protocol: str = "tcp"
    basis: Basis = Basis.COMPUTED
    agrees: bool | None = None

    @property
    def witness(self) -> dict[str, Any]:
        """A packet that shows it."""
        return {
            "protocol": self.protocol,
            "source": None if self.source is None else str(self.source),
            "destination": None if self.address is None else str(self.address),
            "source_port": CLIENT_PORT,
            "destination_port": self.port,
        }


def cell_json(cell: Cell) -> dict[str, Any]:
    """A cell as the contract has it."""
    return {
        "from": cell.client,
        "to": cell.server,
        "address": None if cell.address is None else str(cell.address),
        "port": cell.port,
        "protocol": cell.protocol,
        "verdict": cell.fate.verdict.value,
        "cause": cell.fate.cause,
        "decided_by": cell.fate.decided_by,
        "witness": cell.witness,
        "basis": cell.basis.value,
        "agrees": cell.agrees,
        "detail": cell.fate.detail,
    }
