"""Nothing planted on a machine is left in what ``list``, ``firewall`` and ``fleet`` say with ``--redact``."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from landiag.cli.files.redacting import masking, unmasked
from landiag.cli.firewall_all import answer_all, want
from landiag.cli.firewall_answer import Shown, answer
from landiag.cli.firewall_packets import Shown as LinesShown
from landiag.cli.firewall_packets import answer_packets
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
    recorder = Recorder(RecordedHost(readings))
    recorder.readings.update(readings)
    masked = masking(recorder)(listed)
    assert [(one.port, one.reached, one.cause) for one in masked] == [
        (one.port, one.reached, one.cause) for one in listed
    ]
    for render in LIST_RENDERERS.values():
        told = render(masked, redacted=True)
        assert found(told) == []
        assert "edacted" in told
        assert "edacted: " not in render(masked)
    assert json.loads(LIST_RENDERERS[".json"](masked))["redacted"] is False


def written(ask: Callable[[], None], capsys: pytest.CaptureFixture[str]) -> tuple[object, str]:
    with pytest.raises(SystemExit) as ended:
        ask()
    return ended.value.code, capsys.readouterr().out


@pytest.mark.parametrize("name", RULES)
def test_in_what_the_firewall_does(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "host.json"
    file.write_text(render_recording(planted(name)))
    packet, style = Packet(destination_port=5000), Style(200)
    for as_json, width in ((False, 200), (False, 40), (True, 200)):
        plain, told = (
            written(partial(_judge, file, packet, width, as_json=as_json, redact=redact), capsys)
            for redact in (False, True)
        )
        assert told[0] == plain[0]
        assert found(told[1]) == []
        assert [part for part in (STEM[:2], STEM[:3]) if not as_json and f"{part}…" in told[1]] == []
    packets = tmp_path / "packets.jsonl"
    packets.write_text('{"destination_port": 5000}\n{"destination_port": 22, "source": "10.9.8.7"}\n')
    for with_trace in (False, True):
        lines = LinesShown(with_trace=with_trace, style=Style(60), mask=masking(Recorder(RecordedHost({}))))
        ask = partial(
            answer_packets, packets, packet, Recorder(RecordedHost({})), [file], float("inf"), lines
        )
        told_lines = written(ask, capsys)[1]
        assert told_lines
        assert found(told_lines) == []
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


def _judge(file: Path, packet: Packet, width: int, *, as_json: bool, redact: bool) -> None:
    machine = Recorder(RecordedHost({}))
    mask = masking(machine) if redact else unmasked
    answer(packet, machine, [file], float("inf"), Shown(Style(width), as_json, verbose=True, mask=mask))


NAMED = """table ip gracehopper {
  chain gracehopper_s_very_long_chain {
    type filter hook input priority 0; policy accept;
    ip saddr 10.20.30.40 tcp dport 5000 counter drop comment "gracehopper"
    tcp dport 5000 accept
  }
}
"""


def test_a_masked_table_keeps_its_columns_and_shows_no_beginning_of_a_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "rules.nft"
    file.write_text(NAMED)
    told = written(
        partial(_judge, file, Packet(destination_port=5000), 60, as_json=False, redact=True), capsys
    )[1]
    assert "grace" not in told, told
    header, *rows = told[told.index("   packet") :].splitlines()
    columns = header.index("where"), header.index("rule")
    assert [row for row in rows for column in columns if row[column - 1 : column] != " "] == []
    assert rows


FLEET = ["report", "matrix", "exposed", "drift", "init", "probes", "diff", "test"]
COLUMNS = ("text", "json", "csv", "html")
FORMATS = {
    "drift": ("text", "json"), "init": (None,), "probes": (None,), "diff": ("text", "json"),
    "test": ("text", "json", "junit", "prometheus"),
}  # fmt: skip
POLICY = f"""schema = "landiag.policy/1"
[zones]
{STEM} = ["10.20.30.0/24"]
[[expect]]
name = "those of {STEM} reach it"
from = ["{STEM}", "{STEM}-1"]
to = "{STEM}-2"
port = 5000
be = "reachable"
"""


@pytest.mark.parametrize("command", FLEET)
def test_in_what_a_fleet_does(command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    for folder, names in ((old, RULES[1::-1]), (new, RULES[:2])):
        folder.mkdir()
        (folder / "policy.toml").write_text(POLICY)
        for number, name in enumerate(names, 1):
            (folder / f"{STEM}-{number}.json").write_text(render_recording(planted(name)))
    for format_ in FORMATS.get(command, COLUMNS):
        folders = (old, new) if command == "diff" else (new,)
        asked = Asked(
            folders=folders, ports=(), clients=None, policy=None, probes=None, max_age=None, format=format_,
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
