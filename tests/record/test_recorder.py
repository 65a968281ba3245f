"""The recorder of the standard library and landiag itself say the same of a host; and the first asks nothing new."""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from landiag.host import LiveHost, Recorder, Recording, parse_recording
from landiag.model.facts import Socket, Unknown
from landiag.model.host import Facts
from landiag.record import record_host
from landiag.record.recorder import write_recorder
from landiag.replay import read_facts, replay_host

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="hosts without landiag are recorded on Linux only"
)

MODULES = "argparse base64 gzip json os pwd re shlex signal socket subprocess sys tempfile threading time"


def oldest() -> str:
    """The oldest Python of this machine that runs the recorder; its users' are older than landiag's."""
    for name in (*(f"python3.{minor}" for minor in range(6, sys.version_info.minor)), sys.executable):
        found = shutil.which(name)
        if found and not subprocess.run((found, "--version"), capture_output=True, check=False).returncode:
            return found
    raise AssertionError("this test runs by a Python")


@pytest.fixture(scope="module")
def recorder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("recorder") / "recorder.py"
    file.write_text(write_recorder(), encoding="utf-8")
    return file


def test_the_printed_file_is_a_program_of_its_own(tmp_path: Path) -> None:
    """Tools that copy a script to a host run it by its first line."""
    file = tmp_path / "recorder.py"
    argv = (sys.executable, "-m", "landiag", "record", "--print-recorder")
    file.write_bytes(subprocess.run(argv, capture_output=True, check=True).stdout)
    file.chmod(0o700)
    done = subprocess.run((file, "--help"), capture_output=True, text=True, check=False)
    assert "only reads" in done.stdout


def test_syntax_is_that_of_python_3_6() -> None:
    ast.parse(write_recorder(), feature_version=(3, 6))


def test_only_the_standard_library_of_3_6_is_imported() -> None:
    tree = ast.parse(write_recorder())
    names = {one.name for node in ast.walk(tree) if isinstance(node, ast.Import) for one in node.names}
    froms = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert names <= set(MODULES.split())
    assert froms == {"datetime", "typing"}


def test_no_method_is_newer_than_3_6() -> None:
    newer = {"removeprefix", "removesuffix", "freedesktop_os_release", "is_relative_to"}
    tree = ast.parse(write_recorder())
    assert newer.isdisjoint({node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)})


def record_by(program: Path, folder: Path) -> Recording:
    file = folder / "host.json"
    subprocess.run((oldest(), "-I", "-S", program, "--output", file), check=True, timeout=60)
    assert file.stat().st_mode & 0o777 == 0o600
    return parse_recording(file.read_text(encoding="utf-8"))


def test_both_give_equal_facts(recorder: Path, tmp_path: Path) -> None:
    secret = "hunter" + "2-not-shown"
    code = (
        "import socket, time; s = socket.create_server(('127.0.0.1', 0)); print(s.getsockname()[1], flush=True)"
        "; time.sleep(90)"
    )
    server = subprocess.Popen(
        (sys.executable, "-c", code, "--password", secret), stdout=subprocess.PIPE, text=True, cwd=tmp_path
    )
    try:
        assert server.stdout is not None
        port = int(server.stdout.readline())
        theirs = record_by(recorder, tmp_path)
        end = time.monotonic() + 60
        ours = Recorder(LiveHost(end))
        record_host(ours, end)
    finally:
        server.kill()
        server.communicate()
    assert port in {one.port for one in _sockets(theirs)}
    assert secret not in json.dumps([reading.text for reading in theirs.readings.values()])
    mine = replay_host(ours.readings)
    assert not isinstance(mine, Unknown)
    other = read_facts(theirs)
    assert isinstance(other, Facts)
    for name in Facts.__struct_fields__:
        if name not in ("now", "ruleset", "neighbours", "namespaces"):
            left, right = _of_both(name, getattr(other, name), getattr(mine.facts, name))
            assert _steady(name, left) == _steady(name, right), name
    assert port in {one.port for one in _of_both("sockets", other.sockets, mine.facts.sockets)[1]}
    # Others begin and end network namespaces meanwhile: those that stay are seen by both.
    listed = (other.namespaces, mine.facts.namespaces)
    seen = [{one.name for one in each} for each in listed if not isinstance(each, Unknown)]
    assert len(seen) == 2
    assert not any(seen) or seen[0] & seen[1]
    assert {one for one in mine.readings if "not-recorded" in mine.readings[one].status} == set()


def _sockets(recording: Recording) -> tuple[Socket, ...]:
    facts = read_facts(recording)
    assert isinstance(facts, Facts)
    assert isinstance(facts.sockets, tuple)
    return facts.sockets


def _of_both(name: str, one: Any, other: Any) -> tuple[Any, Any]:
    """The processes and sockets that both have seen: other tests begin and end theirs meanwhile."""
    if name == "processes":
        shared = one.keys() & other.keys()
        return {pid: one[pid] for pid in shared}, {pid: other[pid] for pid in shared}
    if name == "sockets":
        shared = {socket.inode for socket in one} & {socket.inode for socket in other}
        return [each for each in one if each.inode in shared], [
            each for each in other if each.inode in shared
        ]
    return one, other


def _steady(name: str, value: Any) -> Any:
    """Without what changes from one moment to the next: counters, and what a process is doing just now."""
    if name == "processes":
        return {
            pid: replace(one, state=None, started=round(one.started or 0))
            for pid, one in value.items()
            if one.name not in ("python", "pytest") or "create_server" in str(one.argv)
        }
    if name == "sysctls":
        return {key: text for key, text in value.items() if "conntrack_count" not in key}
    if name == "sockets":
        return sorted(str(replace(one, queue=0)) for one in value)
    return value


def test_a_file_that_exists_is_not_written_over(recorder: Path, tmp_path: Path) -> None:
    file = tmp_path / "host.json"
    file.write_text("mine")
    done = subprocess.run(
        (sys.executable, recorder, "--output", file), capture_output=True, check=False, timeout=60
    )
    assert done.returncode != 0
    assert file.read_text() == "mine"
    assert os.listdir(tmp_path) == ["host.json"]
