"""``landiag report`` as people type it: formats, redaction, comparison, joining, cases, and what goes wrong."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from msgspec.structs import replace

from landiag.host import parse_recording, render_recording
from landiag.host.casefile import parse_case
from landiag.host.casefolder import read_folder
from landiag.model.report import Outcome, Status, Verdict
from landiag.model.report import Path as Way
from landiag.render.jsontext import render_json
from landiag.render.parse import parse_report
from tests.cases import FOLDER, load, replay
from tests.render.reports import blocked, clear


def _run(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        (sys.executable, "-W", "ignore", "-m", "landiag", "report", *map(str, words)),
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "COLUMNS": "80"},
    )


@pytest.fixture
def report(tmp_path: Path) -> Path:
    file = tmp_path / "report.json"
    file.write_text(render_json(blocked()))
    return file


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    file = tmp_path / "case.json"
    file.write_text(render_recording(load("linux-bound-to-loopback").recording))
    return file


def test_saved_report_is_shown_with_its_status(report: Path) -> None:
    done = _run(report)
    assert done.returncode == 1
    assert done.stdout.startswith("✗ Blocked: Flask (pid 4711)")
    assert json.loads(_run(report, "--json").stdout) == json.loads(report.read_text())
    assert _run(report, "--quiet").stdout.count("\n") == 1


def test_recording_is_diagnosed(recording: Path) -> None:
    done = _run(recording, "--json")
    assert done.returncode == 1
    assert parse_report(done.stdout).verdict.cause == "bound-to-loopback"


@pytest.mark.parametrize(
    ("suffix", "begins"),
    [(".md", "### Blocked:"), (".html", "<!doctype html>"), (".txt", "Asked:"), (".json", "{")],
)
def test_every_format_by_its_suffix(report: Path, suffix: str, begins: str) -> None:
    output = report.with_name(f"out{suffix}")
    done = _run(report, "--output", output)
    assert done.returncode == 1
    assert output.read_text().startswith(begins)


def test_redacted_recording_stays_a_recording(recording: Path, tmp_path: Path) -> None:
    masked, mapping = tmp_path / "masked.json", tmp_path / "map.json"
    done = _run(recording, "--redact", "--output", masked, "--redact-map", mapping)
    assert done.returncode == 1
    new = parse_recording(masked.read_text())
    assert replay(new).verdict.cause == "bound-to-loopback"
    assert "192.168.77" not in masked.read_text() + done.stdout
    assert "192.168.77.10" in json.loads(mapping.read_text())["addresses"]
    assert stat.S_IMODE(mapping.stat().st_mode) == 0o600


def test_redacted_report_is_marked(report: Path) -> None:
    done = _run(report, "--redact", "--json")
    shown = json.loads(done.stdout)
    assert shown["redacted"] is True
    assert "alice" not in done.stdout
    assert "192.168.77" not in done.stdout


def test_two_reports_are_compared(report: Path, tmp_path: Path) -> None:
    before, page = tmp_path / "before.json", tmp_path / "changes.html"
    before.write_text(render_json(replace(clear(), target=blocked().target)))
    done = _run(before, report, "--compare", "--output", page)
    assert done.returncode == 1
    assert done.stdout.startswith("1. verdict: It was clear, now it is blocked")
    assert page.read_text().startswith("<!doctype html>")
    kinds = [
        change["kind"] for change in json.loads(_run(before, report, "--compare", "--json").stdout)["changes"]
    ]
    assert kinds[0] == "verdict"


def test_a_damaged_ruleset_is_not_told_to_be_no_report(tmp_path: Path) -> None:
    rules, damaged = tmp_path / "rules.txt", tmp_path / "damaged.txt"
    rules.write_text("*filter\n:INPUT ACCEPT [0:0]\nCOMMIT\n")
    damaged.write_text('{"nftables": [{"table"')
    done = _run(rules, damaged, "--compare")
    assert done.returncode == 2
    assert str(damaged) in done.stderr
    assert "report (.json)" not in done.stderr


def test_server_and_client_are_joined(report: Path, tmp_path: Path) -> None:
    client = tmp_path / "client.json"
    way = Way("p1", "eth0", "192.168.77.10", 4, None, Outcome.BLOCKS)
    verdict = Verdict(Status.BLOCKED, "refused", "connection-refused")
    client.write_text(render_json(replace(clear(), command="probe", paths=(way,), verdict=verdict)))
    done = _run(report, client, "--json")
    shown = json.loads(done.stdout)["verdict"]
    assert (shown["cause"], shown["confirmed_by"]) == ("bound-to-loopback", "peer")


def test_recording_becomes_a_case_that_reads_back(recording: Path, tmp_path: Path) -> None:
    done = _run(recording, "--to-fixture", tmp_path / "fixtures", "--name", "linux-my-case")
    assert done.returncode == 0
    case = tmp_path / "fixtures" / "linux-my-case.case"
    read, first = parse_case(case.stem, case.read_bytes()), parse_recording(recording.read_text())
    assert {name: one.data for name, one in read.recording.readings.items()} == {
        name: one.data for name, one in first.readings.items()
    }
    assert (read.status, read.cause) == ("blocked", "bound-to-loopback")
    assert "listening on 127.0.0.1 only" in read.says
    assert _run(case, "--quiet").returncode == 1
    again = _run(recording, "--to-fixture", tmp_path / "fixtures", "--name", "linux-my-case")
    assert (again.returncode, "exists already" in again.stderr) == (2, True)


def test_a_folder_of_before_is_still_read(tmp_path: Path) -> None:
    folder = tmp_path / "linux-old"
    (folder / "readings").mkdir(parents=True)
    (folder / "case.toml").write_text(
        'origin = "recorded"\ndescription = ""\ncreated = ""\ntool_version = "0.1.0"\n'
        '[expect]\nstatus = "undetermined"\n[target]\nport = 5000\n'
        '[[reading]]\nsource = "ss-listeners"\nstatus = "ok"\nfile = "ss"\n'
    )
    (folder / "readings" / "ss").write_text("")
    assert read_folder(folder).recording.readings["ss-listeners"].data == b""
    done = _run(folder)
    assert (done.returncode, "could not be described" in done.stderr) == (2, True)
    (folder / "readings" / "ss").unlink()
    done = _run(folder)
    assert (done.returncode, "is missing" in done.stderr) == (2, True)


def test_newer_report_is_shown_with_a_note(report: Path) -> None:
    document = {**json.loads(report.read_text()), "schema": "landiag.report/9", "mood": "good"}
    report.write_text(json.dumps(document))
    done = _run(report, "--output", report.with_suffix(".txt"))
    text = report.with_suffix(".txt").read_text()
    assert done.returncode == 1
    assert "landiag.report/9" in text
    assert "mood" in text


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("nothing.json",), "could not be read"),
        (("{report}", "{report}"), "both reports are of servers"),
        (("{report}", "--compare"), "needs two files"),
        (("{report}", "--save", "{folder}/x.json"), "does not hold the readings"),
        (("{report}", "--output", "{folder}/no/x.md"), "there is no folder"),
        (("{report}", "--output", "{folder}/x.pdf"), "must end in .json, .txt, .md, .html"),
        (("{report}", "--output", "{report}"), "exists already"),
        (("{cut}",), "cut off"),
        (("{other}",), "not a report of landiag"),
        (("{case}", "--to-fixture", "{folder}/f", "--name", "../x"), "not a name for a case"),
    ],
)
def test_what_goes_wrong_is_one_sentence(
    words: tuple[str, ...], says: str, report: Path, recording: Path, tmp_path: Path
) -> None:
    (tmp_path / "cut.json").write_text(report.read_text()[:500])
    (tmp_path / "other.json").write_text('{"schema": "elephants/1"}')
    places = {"report": report, "case": recording, "folder": tmp_path, "cut": tmp_path / "cut.json"}
    done = _run(*(word.format(**places, other=tmp_path / "other.json") for word in words))
    assert done.returncode == 2
    assert says in done.stderr
    assert done.stderr.count("\n") == 1
    assert "Traceback" not in done.stderr


def test_full_disk_leaves_nothing_half_written(report: Path) -> None:
    if not Path("/dev/full").exists() or os.geteuid() != 0:
        pytest.skip("a full disk is made by a small tmpfs, which needs root")
    script = (
        "mount -t tmpfs -o size=8k none /mnt && "
        f"{sys.executable} -W ignore -m landiag report {report} --output /mnt/out.html; echo status $?; ls -A /mnt"
    )
    done = subprocess.run(("unshare", "-m", "sh", "-c", script), capture_output=True, text=True, check=False)
    if "mount" in done.stderr or "unshare" in done.stderr:
        pytest.skip(f"no tmpfs can be mounted here: {done.stderr}")
    assert done.stdout.split("status ")[1] == "1\n"
    assert "No space left" in done.stderr


def test_verbose_shows_what_was_read_word_for_word(recording: Path) -> None:
    shown = _run(recording, "-v").stdout
    assert "\n=== ss-listeners (ss -H -lntpe)\n    LISTEN" in shown
    assert "=== ss-listeners" not in _run(recording).stdout


def test_a_case_is_replayed_where_a_recording_is() -> None:
    """By check, by watch and by report; what holds no watch is one sentence."""
    case = FOLDER / "linux-bound-to-loopback.case"
    check = (sys.executable, "-W", "ignore", "-m", "landiag", "check", "--quiet", "--replay", str(case))
    done = subprocess.run(check, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, _run(case, "--quiet").stdout)
    watch = (*check[:5], "watch", "--replay", str(case))
    done = subprocess.run(watch, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
