"""What real hosts recorded, as servers of a fleet: a cell's server half is what ``check`` says of the same client."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address

import pytest

from landiag.diagnose import diagnose
from landiag.fleet.fate import CellVerdict
from landiag.fleet.hosts import Host, make_host
from landiag.fleet.incoming import judge_incoming
from landiag.host import RecordedHost, Recorder, Recording
from landiag.host.recording import undamaged
from landiag.journey.ways import Way
from landiag.model.facts import IPAddress
from landiag.model.report import Target
from landiag.question import Question
from tests.cases import RECORDED, load

ASKED_LIVE = ("linux-address-of-two", "linux-sent-to-a-dead-address")
"""Of these ``check`` asks the network itself, as no recording of a whole host can."""

NAMES = [name for name in RECORDED if name.startswith("linux-") and name not in ASKED_LIVE]


@pytest.mark.parametrize("part", range(8))
def test_cells_equal_the_diagnosis(part: int) -> None:
    wrong, compared = [], 0
    for name in NAMES[part::8]:
        recording = load(name).recording
        host = make_host(name, name, recording, {})
        for way, client in clients(host, recording):
            fate = judge_incoming(host, way.ip, recording.target.port or 0, client)
            said = "blocked" if fate.verdict is CellVerdict.NO_LISTENER else fate.verdict.value
            compared += 1
            if said != (right := diagnosed(recording, way.ip, client)):
                wrong.append(f"{name}: {client} to {way.ip}: {said} ({fate.detail}), check: {right}")
    assert (wrong, compared > 0) == ([], True)


def clients(host: Host, recording: Recording) -> Iterator[tuple[Way, IPAddress]]:
    """The first two ways in, each with a client: the one that the recording is about, else a neighbour."""
    asked = ip_address(recording.target.peer.partition("%")[0]) if recording.target.peer else None
    for way in host.ways[:2] if recording.target.port else ():
        client = asked if asked is not None and asked.version == way.ip.version else way.network[-1] - 30
        if client not in host.own:
            yield way, client


def diagnosed(recording: Recording, address: IPAddress, client: IPAddress) -> str:
    """The verdict of ``check --peer CLIENT --to ADDRESS --scheme tcp --no-http``, in a cell's words."""
    readings = {source: undamaged(reading) for source, reading in recording.readings.items()}
    target = Target(port=recording.target.port, peer=str(client), scheme="tcp", address=str(address))
    only = ("listening", "port", "addresses", "firewall", "way-back")
    question = Question(target, asks_http=False, only=only)
    report = diagnose(question, Recorder(RecordedHost(readings)), float("inf"))
    assert report.verdict.client_sees is not None
    outcome = report.verdict.client_sees.outcome.value
    return {"answered": "reachable", "unknown": "unknown"}.get(outcome, "blocked")
