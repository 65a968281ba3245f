"""What the model says of each attempt, within bounds: floods of clients must not keep the packets waiting. Pure."""

from __future__ import annotations

from msgspec.structs import replace

from landiag.model.report import Finding, Outcome
from landiag.watch.flow import Flow
from landiag.watch.snapshot import Prediction, Snapshot, predict

MAX_PREDICTIONS = 40
"""Questions to the model in a second; each takes some milliseconds."""

MAX_SEARCHES = 2
"""Searches for fixes in a second: what a fix opens takes long to find."""

_Told = tuple[str, str, str, tuple[tuple[str, str], ...]]


class Predictor:
    """Asks the model; it is given the second in which the packets came, so that a replay asks the same."""

    def __init__(self) -> None:
        self._snapshot: Snapshot | None = None
        self._second = 0
        self._asked = self._searched = 0
        self._predictions: dict[tuple[str, str, str, int], Prediction | None] = {}
        self._fixed: dict[_Told, tuple[Finding, ...]] = {}

    def predict(self, snapshot: Snapshot, flow: Flow, now: float) -> Prediction | None:
        """Ask the model; under a flood only once for each client, its ports taken for alike."""
        self._begin(snapshot, int(now))
        syn = flow.syn
        key = (syn.source, syn.destination, flow.interface, syn.flags)
        if self._asked >= MAX_PREDICTIONS and key in self._predictions:
            return self._predictions[key]
        self._asked += 1
        found = predict(snapshot, syn, flow.interface, wants_fixes=False)
        found = None if found is None else self._with_fixes(found, snapshot, flow)
        self._predictions[key] = found
        return found

    def _begin(self, snapshot: Snapshot, second: int) -> None:
        if snapshot is not self._snapshot:
            self._snapshot, self._fixed, self._predictions = snapshot, {}, {}
        if second != self._second:
            self._second, self._asked, self._searched, self._predictions = second, 0, 0, {}

    def _with_fixes(self, found: Prediction, snapshot: Snapshot, flow: Flow) -> Prediction:
        """The same with fixes: looked for once for each client that the same stops, and for a few in a second.

        For the others the report takes those of the machine's own check.
        """
        syn = flow.syn
        told = tuple((one.code, one.title) for one in found.findings if one.outcome is Outcome.BLOCKS)
        key = (syn.source, syn.destination, flow.interface, told)
        if not told or (key not in self._fixed and self._searched >= MAX_SEARCHES):
            return found
        if key not in self._fixed:
            self._searched += 1
            full = predict(snapshot, syn, flow.interface)
            self._fixed[key] = found.findings if full is None else full.findings
        return replace(found, findings=self._fixed[key])
