"""The exit status is the verdict's, whatever becomes of the output; and an interrupt is one, from the first moment."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from landiag.cli.files.outputs import Stop, check_outputs
from landiag.cli.streams import complain
from landiag.host import render_recording
from tests.cases import load

LANDIAG = (sys.executable, "-m", "landiag")
OUTPUTS = (
    ">/dev/full",
    ">&-",
    "2>&-",
    ">&- 2>&-",
    "<&- >&- 2>&-",
    "| true",
    "| head -c1 >/dev/null",
    ">/dev/full 2>&1",
)


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A recording for each verdict, and a ruleset."""
    folder = tmp_path_factory.mktemp("recordings")
    for name in ("linux-clear", "linux-bound-to-loopback", "linux-firewall-unreadable-user"):
        (folder / name).write_text(render_recording(load(name).recording), encoding="utf-8")
    rules = "*filter\n:INPUT DROP [0:0]\n-A INPUT -p tcp -m tcp --dport 5000 -j ACCEPT\nCOMMIT\n"
    (folder / "rules").write_text(rules, encoding="utf-8")
    (folder / "packets").write_text('{"destination_port": 5001}\n', encoding="utf-8")
    return {path.name: path for path in folder.iterdir()}


COMMANDS = (
    (0, "check -q --replay {linux-clear}"),
    (1, "check --replay {linux-bound-to-loopback} --json"),
    (3, "check --replay {linux-firewall-unreadable-user}"),
    (1, "report {linux-bound-to-loopback}"),
    (1, "firewall --ruleset {rules} --port 5001"),
    (1, "firewall --ruleset {rules} --packets {packets}"),
    (2, "check --replay {rules}"),
    (2, "undo"),
    (0, "--version"),
)


@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize(("status", "command"), COMMANDS)
def test_the_status_stands(recordings: dict[str, Path], status: int, command: str, output: str) -> None:
    words = command.format(**{name: str(path) for name, path in recordings.items()})
    script = f'"$0" -m landiag {words} {output}; exit ${{PIPESTATUS[0]}}'
    done = subprocess.run(
        ("bash", "-c", script, sys.executable), capture_output=True, check=False, timeout=60
    )
    assert done.returncode == status
    assert b"Traceback" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("status", "command"),
    [
        (0, "check --replay {linux-clear} --save FOLDER/a.json --output FOLDER/b.md"),
        (1, "check -q --replay {linux-bound-to-loopback} --output FOLDER/a.json"),
        (1, "report {linux-bound-to-loopback} --output FOLDER/a.html --output FOLDER/b.txt"),
        (1, "firewall --ruleset {rules} --port 5001 --output FOLDER/a.json"),
        (1, "firewall --ruleset {rules} --all --output FOLDER/a.json"),
        (0, "list --output FOLDER/a.json"),
        (2, "report {linux-clear} --to-fixture FOLDER/x"),  # the file is all that was asked for
        (2, "record --output FOLDER/a.json"),
    ],
)
def test_the_answer_is_printed_and_its_status_stands_where_the_disk_is_full(
    recordings: dict[str, Path], tmp_path: Path, status: int, command: str
) -> None:
    words = command.format(**{name: str(path) for name, path in recordings.items()})
    words = words.replace("FOLDER", str(tmp_path))
    script = f'ulimit -f 0; "$0" -B -m landiag {words}'  # a file of any length is too long, as on a full disk
    done = subprocess.run(
        ("bash", "-c", script, sys.executable), capture_output=True, check=False, timeout=60
    )
    assert done.returncode == status
    files = words.count("--output") + words.count("--save") + words.count("--to-fixture")
    assert done.stderr.count(b"could not be written: File too large") == files
    assert bool(done.stdout) == (status != 2)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_folder_that_takes_no_file_is_told_before_the_work_begins() -> None:
    with tempfile.TemporaryDirectory() as folder:  # pytest's own are closed to other users
        os.chmod(folder, 0o555)
        child = os.fork()
        if not child:
            if os.geteuid() == 0:
                os.setuid(65534)
            os._exit(0 if _is_refused(Path(folder, "a.json")) else 1)
        assert os.waitpid(child, 0)[1] == 0


def _is_refused(file: Path) -> bool:
    try:
        check_outputs((file,), force=False)
    except Stop as stop:
        return "nothing can be made in the folder" in str(stop)
    return False


def test_an_output_without_the_letters_gets_escapes() -> None:
    done = subprocess.run((*LANDIAG, "explain", "--all"), capture_output=True, check=False, timeout=60,
                          env={**os.environ, "PYTHONIOENCODING": "ascii"})  # fmt: skip
    assert done.returncode == 0
    assert done.stdout.isascii()


_AT_ONCE = """
import os, signal, sys

class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == "landiag.version":
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Finder())
"""
_INTERRUPTED = """
import os, signal, sys

class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Finder())
sys.argv = ["landiag", "explain", "--all"]
from landiag.__main__ import main
main()
"""


@pytest.mark.parametrize("start", [("-m", "landiag"), (str(Path(sys.executable).with_name("landiag")),)])
def test_an_interrupt_in_the_first_moment_leaves_no_traceback(start: tuple[str, ...], tmp_path: Path) -> None:
    """The first thing that the package loads from elsewhere is interrupted: nothing of it is caught before that."""
    (tmp_path / "sitecustomize.py").write_text(_AT_ONCE, encoding="ascii")
    done = subprocess.run(
        (sys.executable, *start, "explain", "--all"),
        capture_output=True,
        check=False,
        timeout=60,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL) and None,
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, b"", b"")


@pytest.mark.parametrize("module", ["landiag.cli", "landiag.cli.app", "typer", "landiag.explain"])
@pytest.mark.parametrize(("ignored", "status"), [(False, 130), (True, 0)])
def test_an_interrupt_while_it_is_loaded_leaves_no_traceback(module: str, ignored: bool, status: int) -> None:
    def start() -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN if ignored else signal.SIG_DFL)

    argv = (sys.executable, "-c", _INTERRUPTED.format(module=module))
    done = subprocess.run(argv, capture_output=True, check=False, timeout=60, preexec_fn=start)
    assert b"Traceback" not in done.stderr
    assert done.returncode == status


def test_a_line_to_type_is_never_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    """At a terminal it stands alone; elsewhere everything is one line."""
    command = "sudo /home/ada/projects/shop/.venv/bin/landiag watch --port 5000 --peer 192.168.77.20"
    for is_terminal, shown in ((True, f"landiag: it needs root:\n    {command}\n"), (False, None)):
        said = io.StringIO()
        monkeypatch.setattr(said, "isatty", lambda answer=is_terminal: answer)
        monkeypatch.setattr("sys.stderr", said)
        complain("it needs root", command)
        assert said.getvalue() == (shown or f"landiag: it needs root: {command}\n")


def test_an_interrupt_that_python_drops_comes_again() -> None:
    code = (
        "import signal, time, weakref\n"
        "from landiag.cli import program\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # nohup and `&` have it ignored
        "class Kept: pass\n"
        "def command(words):\n"
        "    kept = Kept()\n"
        "    one = weakref.ref(kept, lambda _: signal.raise_signal(signal.SIGINT))\n"
        "    del kept\n"
        "    time.sleep(30)\n"
        "    return 0\n"
        "program._run_command = command\n"
        "program.run()\n"
    )
    done = subprocess.run((sys.executable, "-c", code), capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (130, "landiag: interrupted\n")
