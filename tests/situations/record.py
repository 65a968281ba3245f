"""Record what a client and a watch see of ufw in the lab: ``python -m tests.situations.record``, as root."""

from __future__ import annotations

import sys
from pathlib import Path

from msgspec.structs import replace

from landiag.host import Recording, parse_recording, render_recording
from landiag.watch.events import Event, Facts, parse_events
from landiag.watch.spool import EVENTS
from tests.lab.build import build
from tests.lab.hosts import Host
from tests.lab.network import SERVER
from tests.lab.record import elsewhere
from tests.lab.scenarios import SCENARIOS
from tests.lab.watch.case import RECORDING, begin, end

HERE = Path(__file__).parent
CLIENT = "/srv/home/client.json"


def main() -> None:
    """Build the scenario once; the client's own look is what the watch sees."""
    scenario = next(one for one in SCENARIOS if one.name == "ufw-enabled")
    with build(scenario) as lab:
        watch = begin(lab)
        lab.client.run(f"{sys.executable} -m landiag probe {SERVER} -p 5000 --save {CLIENT}", check=False)
        end(lab, watch)
        _keep(lab.client, CLIENT, "ufw-client.json")
        _keep(lab.server, RECORDING, "ufw-watch.json")


def _keep(host: Host, path: str, name: str) -> None:
    recording = _unchanged(parse_recording(host.read(path)))
    (HERE / name).write_text(render_recording(elsewhere(recording)), encoding="utf-8")


def _unchanged(recording: Recording) -> Recording:
    """The same without what the watch read again of the machine: nothing of it changed in between."""
    seen = recording.readings.get(EVENTS)
    if seen is None:
        return recording
    lines = [line for line in seen.data.splitlines(keepends=True) if not isinstance(_event(line), Facts)]
    return replace(recording, readings={**recording.readings, EVENTS: replace(seen, data=b"".join(lines))})


def _event(line: bytes) -> Event:
    return next(iter(parse_events(line.decode())))


if __name__ == "__main__":
    main()
