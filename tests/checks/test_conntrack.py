"""The table of connections: full, with room, and not read."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from landiag.model.facts import ReadStatus
from landiag.model.report import Report, Status
from tests.cases import load, replay


def _with(count: str | None, most: str | None) -> Report:
    recording = load("linux-clear").recording
    readings = dict(recording.readings)
    for name, value in (("count", count), ("max", most)):
        (key,) = [one for one in readings if one.endswith(f"nf_conntrack_{name}")]
        status, data = (ReadStatus.DENIED, b"") if value is None else (ReadStatus.OK, f"{value}\n".encode())
        readings[key] = replace(readings[key], status=status, data=data)
    return replay(replace(recording, readings=readings))


def test_a_full_table_blocks_and_its_stage_stops_the_way() -> None:
    report = _with("262144", "262144")
    assert (report.verdict.status, report.verdict.cause) == (Status.BLOCKED, "conntrack-full")
    stages = {stage.stage.value: stage.outcome.value for stage in report.paths[0].stages}
    assert (stages["ingress"], stages["prerouting"], stages["input"]) == ("ok", "blocks", "not-applicable")


@pytest.mark.parametrize(("count", "most"), [("12", "262144"), ("0", "0")])
def test_a_table_with_room_is_fine(count: str, most: str) -> None:
    assert _with(count, most).verdict.status is Status.CLEAR


@pytest.mark.parametrize(("count", "most"), [(None, "262144"), ("262144", None), ("many", "262144")])
def test_a_table_that_cannot_be_read_is_no_fault(count: str | None, most: str | None) -> None:
    assert "conntrack-full" not in {one.code for one in _with(count, most).findings}
