"""Nothing planted on a machine is left in what ``list``, ``firewall`` and ``fleet`` say with ``--redact``."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from landiag.cli.files.redacting import masking, redact_listeners
from landiag.cli.firewall_all import answer_all, want
from landiag.cli.firewall_answer import Shown, answer
from landiag.cli.fleet_answer import Asked
from landiag.cli.fleet_answer import answer as answer_fleet
from landiag.host import RecordedHost, Recorder, Recording, render_recording
from landiag.host.recording import undamaged
from landiag.listeners import list_listeners
from landiag.model.facts import Unknown
from landiag.model.packet import Packet
from landiag.render.listeners import LIST_RENDERERS
from landiag.render.style import Style
from tests.cases import NAMES, is_taken, load
from tests.redact.plant import STEM, found, plant

SAMPLE = 40
TAKEN = [name for name in NAMES if is_taken(name, SAMPLE)]
RULES = [name for name in TAKEN if "nft-ruleset" in load(name).recording.readings]


def planted(name: str) -> Recording:
    return plant(load(name).recording)


@pytest.mark.parametrize("name", TAKEN)
def test_in_a_list(name: str) -> None:
    readings = {source: undamaged(one) for source, one in planted(name).readings.items()}
    listed = list_listeners(Recorder(RecordedHost(readings)), float("inf"))
    if isinstance(listed, Unknown):
        return
    masked = redact_listeners(listed, readings.values())
    assert [(one.port, one.reached, one.cause) for one in masked] == [
        (one.port, one.reached, one.cause) for one in listed
    ]
    assert [place for render in LIST_RENDERERS.values() for place in found(render(masked))] == []


def written(ask: Callable[[], None], capsys: pytest.CaptureFixture[str]) -> tuple[object, str]:
    with pytest.raises(SystemExit) as ended:
        ask()
    return ended.value.code, capsys.readouterr().out


@pytest.mark.parametrize("name", RULES)
def test_in_what_the_firewall_does(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "host.json"
    file.write_text(render_recording(planted(name)))
    packet, style = Packet(destination_port=5000), Style(200)
    for as_json in (False, True):
        plain, told = (
            written(partial(_judge, file, packet, as_json=as_json, redact=redact), capsys)
            for redact in (False, True)
        )
        assert told[0] == plain[0]
        assert found(told[1]) == []
    outputs = [tmp_path / f"reach.{suffix}" for suffix in ("json", "txt", "html")]
    machine = Recorder(RecordedHost({}))
    wanted = want(
        packet, ("tcp",), "5000", None, outputs,
        force=True, as_json=False, quiet=False, style=style, mask=masking(machine),
    )  # fmt: skip
    with pytest.raises(SystemExit):
        answer_all(wanted, machine, [file], float("inf"))
    assert [place for one in outputs for place in found(one.read_text())] == []
    assert found(capsys.readouterr().out) == []


def _judge(file: Path, packet: Packet, *, as_json: bool, redact: bool) -> None:
    machine = Recorder(RecordedHost({}))
    mask = masking(machine) if redact else str
    answer(packet, machine, [file], float("inf"), Shown(Style(200), as_json, verbose=True, mask=mask))


@pytest.mark.parametrize("command", ["report", "matrix", "exposed", "drift"])
def test_in_what_a_fleet_does(command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for host, name in ((f"{STEM}-1", RULES[0]), (f"{STEM}-2", RULES[1])):
        (tmp_path / f"{host}.json").write_text(render_recording(planted(name)))
    for format_ in ("text", "json") if command == "drift" else ("text", "json", "csv", "html"):
        asked = Asked(
            folders=(tmp_path,), ports=(), clients=None, policy=None, probes=None, max_age=None, format=format_,
            output=None, force=False, redact=True,
        )  # fmt: skip
        text = written(partial(answer_fleet, command, asked), capsys)[1]
        assert text
        assert found(text) == []


def test_in_what_is_said_of_a_command_line_that_cannot_be_used() -> None:
    words = ("report", "--redact", "/srv/10.9.8.7.json")
    done = subprocess.run(
        (sys.executable, "-m", "landiag", *words), capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "could not be read" in done.stderr
    assert "10.9.8.7" not in done.stderr
