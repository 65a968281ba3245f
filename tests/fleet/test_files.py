"""Folders of recordings that are anything at all: nothing hostile gets through, nothing broken becomes good news."""

from __future__ import annotations

import gzip
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from landiag.cli.files.fleet_files import parse_age, read_fleet
from landiag.cli.files.outputs import Stop
from landiag.fleet.drift import group_hosts
from landiag.fleet.exposed import list_cells
from landiag.fleet.names import file_name, host_name
from landiag.fleet.page import render_page
from landiag.fleet.rows import make_rows
from landiag.model.facts import Reading, ReadStatus
from tests.fleet.machines import firewall, recording, write

WEB, DB = "192.168.77.10/24", "192.168.77.20/24"
HOSTILE = '<script>alert("1")</script>\x1b[31m'
POLICY = """schema = "landiag.policy/1"
[[expect]]
to = "db"
port = 5432
from = ["web"]
be = "reachable"
only = true
"""


def run(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        (sys.executable, "-m", "landiag", "fleet", *map(str, words)), capture_output=True, text=True, check=False,
        timeout=120,
    )  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rules = firewall("-A INPUT -s 192.168.77.10 -p tcp --dport 5432 -j ACCEPT")
    write(tmp_path, web=recording(WEB, {80: "0.0.0.0"}), db=recording(DB, {5432: "0.0.0.0"}, rules))
    (tmp_path / "policy.toml").write_text(POLICY)
    return tmp_path


def changed(whole: bytes, readings: list[int]) -> bytes:
    return json.dumps({**json.loads(whole), "readings": readings}).encode()


DAMAGED: dict[str, Callable[[bytes], bytes]] = {
    "cut": lambda whole: whole[: len(whole) // 2],
    "empty": lambda whole: b"",
    "noise": lambda whole: b"\x00\xff" * 100,
    "other schema": lambda whole: whole.replace(b"landiag.recording/1", b"landiag.recording/9"),
    "no schema": lambda whole: b"{}",
    "a list": lambda whole: b"[1, 2]",
    "deep": lambda whole: b"[" * 100_000,
    "not a gzip": lambda whole: b"\x1f\x8b" + whole,
    "a cut gzip": lambda whole: gzip.compress(whole)[:-20],
    "a bomb": lambda whole: gzip.compress(b" " * (65 << 20)),
    "readings of numbers": lambda whole: changed(whole, [1, 2]),
    "no readings": lambda whole: changed(whole, []),
}


@pytest.mark.parametrize("kind", DAMAGED)
def test_a_damaged_recording_is_an_unknown_host(folder: Path, kind: str) -> None:
    file = folder / "db.json"
    file.write_bytes(DAMAGED[kind](file.read_bytes()))
    reach = read_fleet(folder)
    assert reach.by_name["db"].problem
    assert {c.fate.verdict.value for c in list_cells(reach, [5432]) if "db" in (c.client, c.server)} == {
        "unknown"
    }
    done = run("test", folder)
    assert (done.returncode, "UNKNOWN" in done.stdout) == (3, True)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_among_the_recordings_is_not_waited_for(folder: Path) -> None:
    os.mkfifo(folder / "pipe.json")
    started = time.monotonic()
    assert read_fleet(folder, deadline=started + 60).by_name["pipe"].problem == "pipe.json is no file"
    assert time.monotonic() - started < 30


def test_rules_that_are_cut_off_in_their_last_line_are_unknown(folder: Path) -> None:
    document = json.loads((folder / "db.json").read_text())
    rules = next(one for one in document["readings"] if one["source"] == "iptables-legacy-save")
    rules["text"] = rules["text"].rstrip("\n")
    del rules["bytes"]
    (folder / "db.json").write_text(json.dumps(document))
    cells = {cell.client: cell.fate for cell in list_cells(read_fleet(folder), [5432])}
    assert (cells["web"].verdict.value, cells["web"].cause) == ("unknown", "firewall-unreadable")


def test_exit_statuses(folder: Path) -> None:
    assert run("test", folder).returncode == 0
    assert run("test", folder, "--max-age", "1h").returncode == 3
    (folder / "policy.toml").write_text(
        POLICY.replace("5432", "80").replace('"db"', '"web"').replace('["web"]', '"db"')
    )
    assert run("test", folder).returncode == 0
    (folder / "policy.toml").write_text(POLICY.replace("5432", "5433"))
    assert run("test", folder).returncode == 1
    (folder / "policy.toml").write_text(POLICY.replace("port", "prot"))
    done = run("test", folder)
    assert (done.returncode, "did you mean port" in done.stderr) == (2, True)


@pytest.mark.parametrize(
    "words", [("test", "nowhere"), ("reprot", "."), ("diff", "."), ("report", "/proc/self/fdinfo")]
)
def test_what_cannot_be_done_is_one_sentence(words: tuple[str, ...]) -> None:
    done = run(*words)
    assert (done.returncode, done.stdout) == (2, "")
    assert re.fullmatch(r"landiag: [^\n]+\n", done.stderr)


def test_formats(folder: Path, tmp_path: Path) -> None:
    assert json.loads(run("test", folder, "--format", "json").stdout)["results"][0]["state"] == "holds"
    assert 'failures="0"' in run("test", folder, "--format", "junit").stdout
    assert 'state="holds"} 1' in run("test", folder, "--format", "prometheus").stdout
    for name, kind in (("landiag.prom", "prometheus"), ("policy.xml", "junit")):
        assert run("test", folder, "--format", kind, "--output", tmp_path / name).returncode == 0
        assert (tmp_path / name).stat().st_mode & 0o777 == 0o600
    cells = json.loads(run("matrix", folder, "--port", "5432", "--format", "json").stdout)["cells"]
    keys = [
        "from",
        "to",
        "address",
        "port",
        "protocol",
        "verdict",
        "cause",
        "decided_by",
        "witness",
        "basis",
        "agrees",
    ]
    assert all(set(keys) <= set(cell) for cell in cells)
    page = tmp_path / "fleet.html"
    assert run("report", folder, "--output", page).returncode == 0
    assert page.stat().st_mode & 0o777 == 0o600


def test_names_of_hosts_become_safe_file_names() -> None:
    for name in (
        "../../etc/passwd",
        ".hidden",
        "a/b",
        "web-1",
        "ü",
        "a b",
        "x\x00y",
        "%41",
        "..",
        "-",
        HOSTILE,
    ):
        file = file_name(name)
        assert re.fullmatch(r"[A-Za-z0-9_%-][A-Za-z0-9._%-]*", file)
        assert host_name(f"{file}.json.gz") == name


def test_nothing_hostile_reaches_page_or_terminal(tmp_path: Path) -> None:
    evil = recording(
        DB, {80: "0.0.0.0"}, firewall(f'-A INPUT -m comment --comment "{HOSTILE}" -j DROP'), hostname=HOSTILE
    )
    write(
        tmp_path,
        **{HOSTILE: evil, "web": recording(WEB, groups=HOSTILE), "=cmd": recording("192.168.77.30/24")},
    )
    reach = read_fleet(tmp_path)
    page = render_page(reach, make_rows(list_cells(reach)), group_hosts(reach))
    assert page.count("<script") == 1
    assert "\x1b" not in page
    for words in (("report",), ("matrix",), ("init",), ("drift",), ("matrix", "--format", "csv")):
        done = run(words[0], tmp_path, *words[1:])
        assert (done.returncode in (0, 1), "\x1b" in done.stdout) == (True, False)
    assert "\n=cmd" not in run("matrix", tmp_path, "--port", "80", "--format", "csv").stdout


def test_a_report_names_the_ports_of_which_nobody_can_tell(folder: Path) -> None:
    write(folder, twin=recording(DB, {5432: "0.0.0.0"}))
    lines = run("report", folder, "--port", "5432").stdout.splitlines()
    at = lines.index("Can't tell who reaches 2 ports:")
    assert re.fullmatch(
        r"  db \S+ port 5432 .*, twin \S+ port 5432 .*: several hosts were recorded with .*", lines[at + 1]
    )
    assert "No listener is known to be reached by another recorded host." in lines[at:]


def test_json_is_a_format_as_everywhere(folder: Path) -> None:
    assert json.loads(run("report", folder, "--json").stdout)["schema"] == "landiag.fleet/1"
    assert run("report", folder, "--json", "--format", "csv").returncode == 2


def test_a_matrix_of_one_host_says_that_nobody_asks(tmp_path: Path) -> None:
    write(tmp_path, db=recording("192.168.77.10/24"))
    done = run("matrix", tmp_path, "--port", "5432")
    assert done.stdout == "No host here can be asked by another: record two or more.\n"


def test_nothing_open_is_said_of_whom_it_was_asked(tmp_path: Path) -> None:
    write(tmp_path, web=recording(WEB, {80: "0.0.0.0"}, firewall()), db=recording(DB))
    done = run("exposed", tmp_path, "--from", "192.168.77.0/24")
    assert (done.returncode, done.stdout) == (
        0,
        "No listener that was recorded is open to 192.168.77.0/24.\n",
    )


def test_what_was_not_read_is_told_beside_what_is_known(folder: Path) -> None:
    """Neither the firewalls that are alike nor a state that did not change speak for a host that was not read."""
    gap = Reading("ss-listeners", ReadStatus.DENIED, detail="not allowed")
    write(folder, cut=recording("192.168.77.30/24", changes={"ss-listeners": gap}))
    (folder / "db.json").unlink()
    told = "Can't tell (1 host):\n  cut: its listeners could not be read"
    for words, status in ((("drift", folder), 3), (("diff", folder, folder), 3), (("matrix", folder), 0)):
        done = run(*words)
        assert (done.returncode, told in done.stdout) == (status, True), done.stdout
    assert "# cut: its listeners could not be read" in run("init", folder).stdout
    exposed = run("exposed", folder, "--from", "192.168.77.0/24").stdout
    assert exposed.startswith("cut\n  unknown      192.168.77.0/24")


def test_two_files_for_one_host_are_unknown(folder: Path) -> None:
    (folder / "db.json.gz").write_bytes(gzip.compress((folder / "db.json").read_bytes()))
    assert "twice" in read_fleet(folder).by_name["db"].problem


def test_differences_between_two_states(folder: Path, tmp_path: Path) -> None:
    new = write(
        tmp_path / "new", web=recording(WEB, {80: "0.0.0.0"}), db=recording(DB, {5432: "0.0.0.0"}, firewall())
    )
    assert run("diff", folder, folder).returncode == 0
    done = run("diff", folder, new)
    assert done.returncode == 1
    assert "web to db 192.168.77.20 port 5432: reachable, now blocked" in done.stdout


@pytest.mark.parametrize(("text", "seconds"), [("24h", 86400), ("7d", 604800), ("90", 90), ("1.5h", 5400)])
def test_ages(text: str, seconds: float) -> None:
    assert parse_age(text) == seconds


@pytest.mark.parametrize("text", ["", "-1", "1y", "nan", "24 hours"])
def test_what_is_no_age(text: str) -> None:
    with pytest.raises(Stop):
        parse_age(text)
