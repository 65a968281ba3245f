"""Files that have no end, say nothing or are too large: one sentence, within the time; and what is gzipped is read."""

from __future__ import annotations

import gzip
import os
import resource
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from landiag.cli.files import inputs
from landiag.cli.files.inputs import MEGABYTE, read_input
from landiag.cli.files.outputs import Stop
from landiag.host import render_recording
from tests.cases import load

LANDIAG = (sys.executable, "-m", "landiag")
MOST_MEMORY = 900 * MEGABYTE


def run(*words: str) -> tuple[int, str, float]:
    """Run landiag with bounded memory: its status, what it complained of, and how long it took."""

    def bound() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))

    started = time.monotonic()
    done = subprocess.run((*LANDIAG, *words), capture_output=True, check=False, timeout=60, preexec_fn=bound)
    return done.returncode, done.stderr.decode(), time.monotonic() - started


@pytest.mark.parametrize(
    "words",
    [
        ("check", "--replay", "FILE", "--timeout", "2"),
        ("firewall", "--ruleset", "FILE", "--timeout", "2"),
        ("firewall", "--ruleset", "/dev/null", "--packets", "FILE", "--timeout", "2"),
        ("report", "FILE"),
        ("watch", "--replay", "FILE"),
    ],
)
def test_a_device_without_end_is_one_sentence(words: tuple[str, ...]) -> None:
    status, said, _ = run(*(word.replace("FILE", "/dev/zero") for word in words))
    assert status == 2
    assert len(said.splitlines()) == 1
    assert "bug" not in said


RULES = "*filter\n:INPUT DROP [0:0]\nCOMMIT\n"
PACKET = '{"destination_port": 5000, "source": "192.168.77.20"}\n'


def test_packets_that_come_through_a_pipe_are_those_of_a_file(tmp_path: Path) -> None:
    """They are read twice: nothing is printed where a line cannot be used."""
    rules, packets = tmp_path / "rules.v4", tmp_path / "packets.jsonl"
    rules.write_text(RULES, encoding="utf-8")
    packets.write_text(PACKET * 3, encoding="utf-8")
    line = (sys.executable, "-m", "landiag", "firewall", "--ruleset", str(rules), "--packets")
    by_file = subprocess.run((*line, str(packets)), capture_output=True, text=True, check=False)
    by_pipe = subprocess.run(
        (*line, "/dev/stdin"), input=PACKET * 3, capture_output=True, text=True, check=False
    )
    assert by_file.stdout.count("DROP: 192.168.77.20") == 3
    assert (by_pipe.returncode, by_pipe.stdout, by_pipe.stderr) == (1, by_file.stdout, by_file.stderr)


@pytest.mark.parametrize(
    "words", [("check", "--replay"), ("firewall", "--ruleset"), ("report",), ("watch", "--replay")]
)
def test_a_pipe_that_nobody_writes_into_ends_with_the_time(words: tuple[str, ...], tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    status, said, seconds = run(*words, str(tmp_path / "pipe"), "--timeout", "1")
    assert status == 2
    assert "nothing writes into" in said
    assert seconds < 20


def test_a_pipe_that_nobody_writes_into_is_not_waited_for_to_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(tmp_path / "pipe")
    monkeypatch.setattr(inputs, "UNOPENED", 0.1)
    started = time.monotonic()
    with pytest.raises(Stop, match="nothing writes into"):
        read_input(tmp_path / "pipe")
    assert time.monotonic() - started < 20


def test_a_writer_that_is_late_or_silent_has_the_whole_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(tmp_path / "pipe")
    monkeypatch.setattr(inputs, "UNOPENED", 0.1)
    writer = os.fdopen(os.open(tmp_path / "pipe", os.O_RDWR), "wb")
    with pytest.raises(Stop, match="said nothing in the time"):
        read_input(tmp_path / "pipe", deadline=time.monotonic() + 0.5)

    def write() -> None:
        with writer:
            writer.write(b"late")

    threading.Timer(0.5, write).start()
    assert read_input(tmp_path / "pipe") == b"late"


def test_a_pipe_in_a_folder_of_recordings_is_a_host_of_which_nothing_is_known(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.json")
    answer = tmp_path / "answer.html"
    status, _, seconds = run("fleet", "report", str(tmp_path), "--timeout", "1", "--output", str(answer))
    assert status == 0
    assert "pipe.json is no file" in answer.read_text(encoding="utf-8")
    assert seconds < 20


def test_a_pipe_with_a_writer_is_read_whole(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    text = "x" * (3 * MEGABYTE)
    with subprocess.Popen(
        (sys.executable, "-c", f"open({str(tmp_path / 'pipe')!r}, 'w').write('x' * {len(text)})")
    ):
        assert read_input(tmp_path / "pipe") == text.encode()


def test_what_is_gzipped_is_read_within_the_same_bound(tmp_path: Path) -> None:
    text = render_recording(load("linux-bound-to-loopback").recording).encode()
    file = tmp_path / "case.json.gz"
    file.write_bytes(gzip.compress(text))
    assert read_input(file) == text
    assert run("check", "--replay", str(file))[0] == 1
    file.write_bytes(gzip.compress(bytes(100 * MEGABYTE)))
    with pytest.raises(Stop, match="larger than 64 MB"):
        read_input(file)


@pytest.mark.parametrize(
    "damage", [lambda data: data[:-9], lambda data: data + b"x", lambda data: data[:40] + b"!!" + data[42:]]
)
def test_what_is_gzipped_and_damaged_is_refused(damage: object, tmp_path: Path) -> None:
    file = tmp_path / "case.json.gz"
    file.write_bytes(damage(gzip.compress(os.urandom(5000))))  # type: ignore[operator]
    with pytest.raises(Stop, match="cannot be unpacked"):
        read_input(file)
