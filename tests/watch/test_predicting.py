"""Fixes are searched within bounds: a client that tries again and again costs one search."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from landiag.model.report import Outcome
from landiag.watch import predicting
from landiag.watch.events import Segment
from landiag.watch.flow import Flow
from landiag.watch.predicting import MAX_SEARCHES, Predictor
from landiag.watch.session import make_snapshot
from landiag.watch.snapshot import Prediction, Snapshot, predict
from tests.cases import load

SYN = Segment(
    0.0,
    "eth0",
    False,
    "192.168.77.20",
    40000,
    "192.168.77.10",
    5000,
    flags=2,
    sequence=1,
    mac="02:00:00:00:00:01",
)


def flow(source: str, port: int) -> Flow:
    return Flow(replace(SYN, source=source, source_port=port), ["eth0"], [0.0])


@pytest.fixture
def searches(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    made: list[str] = []

    def counted(
        snapshot: Snapshot, syn: Segment, interface: str, *, wants_fixes: bool = True
    ) -> Prediction | None:
        made.extend([syn.source] if wants_fixes else [])
        return predict(snapshot, syn, interface, wants_fixes=wants_fixes)

    monkeypatch.setattr(predicting, "predict", counted)
    return made


def fixes(found: Prediction | None) -> int:
    assert found is not None
    return sum(len(one.fixes) for one in found.findings if one.outcome is Outcome.BLOCKS)


def test_one_client_costs_one_search(searches: list[str]) -> None:
    snapshot = make_snapshot(load("linux-firewall-drops-nftables").recording.readings)
    predictor = Predictor()
    found = [predictor.predict(snapshot, flow(SYN.source, 40000 + n), n / 10) for n in range(30)]
    assert searches == [SYN.source]
    assert {fixes(one) for one in found} == {1}


def test_a_flood_of_clients_costs_a_few_a_second(searches: list[str]) -> None:
    snapshot = make_snapshot(load("linux-firewall-drops-nftables").recording.readings)
    predictor = Predictor()
    found = [predictor.predict(snapshot, flow(f"192.168.77.{100 + n}", 40000), 5.5) for n in range(20)]
    assert len(searches) == MAX_SEARCHES
    assert [fixes(one) for one in found] == [1] * MAX_SEARCHES + [0] * (20 - MAX_SEARCHES)
