"""The door, with real programs that are missing, hang, fail, chatter or vanish."""

from __future__ import annotations

import os
import stat
import sys
import time
from pathlib import Path

import pytest

from landiag.host import LiveHost, Recorder, variables
from landiag.host.calls import is_root_shell, own_command, own_name
from landiag.host.recording import parse_recording, render_recording
from landiag.host.variables import inherited_variables
from landiag.model.facts import Call, Command, File, ParseError, Reading, ReadStatus
from landiag.model.recording import Recording
from landiag.model.report import Target


def program(folder: Path, name: str, script: str) -> Command:
    file = folder / name
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(file.stat().st_mode | stat.S_IXUSR)
    return Command(name, (name,))


def host(folder: Path, seconds: float = 5.0, **options: object) -> LiveHost:
    path = (str(folder), "/usr/bin", "/bin")
    return LiveHost(time.monotonic() + seconds, path=path, **options)  # type: ignore[arg-type]


def test_what_a_command_says(tmp_path: Path) -> None:
    reading = host(tmp_path).read(program(tmp_path, "ss", "echo hello; echo warning >&2; echo $LC_ALL"))
    assert (reading.status, reading.data, reading.detail) == (ReadStatus.OK, b"hello\nC\n", "warning")
    assert reading.seconds > 0


def test_a_missing_command_is_named(tmp_path: Path) -> None:
    reading = host(tmp_path).read(Command("x", ("no-such-program", "--all")))
    assert reading.status is ReadStatus.MISSING
    assert reading.detail == "the program no-such-program is not installed"


def test_a_failing_command_keeps_its_output_and_says_why(tmp_path: Path) -> None:
    reading = host(tmp_path).read(program(tmp_path, "nft", "echo half; echo 'broken pipe dream' >&2; exit 3"))
    assert (reading.status, reading.data) == (ReadStatus.FAILED, b"half\n")
    assert reading.detail == "broken pipe dream"


def test_a_refusal_is_told_from_a_failure(tmp_path: Path) -> None:
    command = program(tmp_path, "nft", "echo 'Operation not permitted (you must be root)' >&2; exit 1")
    assert host(tmp_path).read(command).status is ReadStatus.DENIED


def test_a_hanging_command_ends_at_the_deadline_with_all_that_it_started(tmp_path: Path) -> None:
    marker = tmp_path / "late"
    command = program(tmp_path, "ip", f"(sleep 4; touch {marker}) & sleep 60")
    started = time.monotonic()
    reading = host(tmp_path, 0.3).read(command)
    assert reading.status is ReadStatus.TIMED_OUT
    assert time.monotonic() - started < 3.5
    time.sleep(4.2)
    assert not marker.exists(), "a grandchild outlived the reading"


def test_a_hundred_megabytes_are_not_kept(tmp_path: Path) -> None:
    command = program(tmp_path, "nft", "head -c 100000000 /dev/zero")
    reading = host(tmp_path, 20, max_bytes=1 << 20).read(command)
    assert reading.status is ReadStatus.TOO_LARGE
    assert len(reading.data) < 4 << 20


def test_bytes_that_are_no_text_never_raise(tmp_path: Path) -> None:
    reading = host(tmp_path).read(program(tmp_path, "ss", r"printf '\377\033[31m\000'"))
    assert reading.text == "\\xff\x1b[31m\x00"


def test_the_callers_path_and_folder_do_not_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path, "ss-of-mine", "echo hijacked")
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.chdir(tmp_path)
    reading = LiveHost(time.monotonic() + 5).read(Command("x", ("ss-of-mine",)))
    assert reading.status is ReadStatus.MISSING


def test_files_of_every_kind(tmp_path: Path) -> None:
    live = host(tmp_path)
    assert live.read(File("/proc/sys/net/ipv4/ip_forward")).status is ReadStatus.OK
    assert live.read(File(str(tmp_path / "none"))).status is ReadStatus.MISSING
    assert live.read(File(str(tmp_path))).status is ReadStatus.FAILED
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    started = time.monotonic()
    live.read(File(str(fifo)))
    assert time.monotonic() - started < 4, "a named pipe without a writer must not block"


def test_a_call_that_fails_is_a_reading_too(tmp_path: Path) -> None:
    reading = host(tmp_path).read(Call("processes", (("pids", "999999999"),)))
    assert (reading.status, reading.data) == (ReadStatus.OK, b"[]"), "a process that vanished is left out"


def test_the_recorder_leaves_hanging_readings_behind(tmp_path: Path) -> None:
    class Stuck:
        def read(self, source: object) -> Reading:
            time.sleep(6)
            return Reading("late", ReadStatus.OK)

    recorder = Recorder(Stuck())
    started = time.monotonic()
    recorder.read_all([File("/a"), File("/b")], started + 0.2)
    assert time.monotonic() - started < 4
    assert {reading.status for reading in recorder.readings.values()} == {ReadStatus.TIMED_OUT}


def test_a_recording_survives_the_round_trip() -> None:
    readings = {
        "ss": Reading("ss", ReadStatus.OK, "Grüße\n".encode(), ("ss", "-lnt"), 0.25),
        "raw": Reading("raw", ReadStatus.FAILED, b"\xff\x00", None, 0.0, "why", "sudo cat raw"),
    }
    recording = Recording(
        Target(5000, "192.168.77.20"), "2026-01-01T00:00:00+00:00", "1", readings, {"path": "/x"}
    )
    assert parse_recording(render_recording(recording)) == recording


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"schema": "landiag.recording/1", "tool"', "cut off"),
        ('{"schema": "landiag.recording/2"}', "newer"),
        ('{"schema": "landiag.report/1"}', "not a recording"),
        ("[]", "not a recording"),
        ('{"schema": "landiag.recording/1", "readings": [{"source": "x"}]}', "damaged"),
    ],
)
def test_files_that_are_no_recording_get_a_sentence(text: str, says: str) -> None:
    with pytest.raises(ParseError, match=says):
        parse_recording(text)


def test_own_command_that_is_not_executable_is_given_to_python(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "landiag.pyz"
    file.write_text("")
    monkeypatch.setattr(sys, "argv", [str(file), "check"])
    assert own_command() == f"{sys.executable} {file}"
    file.chmod(0o755)
    assert own_command() == str(file)


def test_landiag_is_called_by_its_name_where_the_shell_finds_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, other = tmp_path / "landiag", tmp_path / "other"
    other.mkdir()
    for one in (file, other / "landiag"):
        one.write_text("#!/bin/sh\n", encoding="utf-8")
        one.chmod(0o755)
    monkeypatch.setattr(sys, "argv", [str(file)])
    for path, called in ((tmp_path, "landiag"), (other, str(file)), (tmp_path / "none", str(file))):
        monkeypatch.setenv("PATH", str(path))
        assert own_name() == called


@pytest.mark.skipif(sys.platform == "win32", reason="root is of other systems")
def test_who_typed_sudo_for_one_command_has_no_shell_of_roots(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SUDO_UID", "DOAS_USER", "PKEXEC_UID"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert not is_root_shell()
    monkeypatch.setattr("os.geteuid", lambda: 0)
    assert is_root_shell()
    monkeypatch.setenv("SUDO_UID", "1000")
    assert not is_root_shell()


@pytest.mark.parametrize(
    ("installer", "remedy"),
    [
        ("apt-get", "sudo apt-get install iproute2"),
        ("dnf", "sudo dnf install iproute"),
        ("apk", "sudo apk add iproute2"),
        ("none-that-is-known", None),
    ],
)
@pytest.mark.skipif(sys.platform == "win32", reason="no package manager of Linux there")
def test_a_program_that_is_missing_is_to_be_installed(
    installer: str, remedy: str | None, tmp_path: Path
) -> None:
    program(tmp_path, installer, "exit 1")
    host = LiveHost(float("inf"), path=(str(tmp_path),))
    reading = host.read(Command("ip-addresses", ("ip", "-j", "addr", "show")))
    assert reading.status is ReadStatus.MISSING
    assert (reading.detail, reading.remedy) == ("the program ip is not installed", remedy)


def test_where_a_users_own_systemd_is_found_is_handed_on_but_never_by_root(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(variables, "RUNTIMES", str(tmp_path / "run"))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setattr(os, "geteuid", lambda: 1000, raising=False)
    assert inherited_variables() == {"XDG_RUNTIME_DIR": str(tmp_path)}
    monkeypatch.setattr(os, "geteuid", lambda: 0, raising=False)
    assert inherited_variables() == {}


def test_where_a_users_own_systemd_is_found_is_known_without_its_variable(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(variables, "RUNTIMES", str(tmp_path))
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    monkeypatch.setattr(os, "geteuid", lambda: 1000, raising=False)
    assert inherited_variables() == {}
    (tmp_path / "1000").mkdir()
    assert inherited_variables() == {"XDG_RUNTIME_DIR": f"{tmp_path}/1000"}
