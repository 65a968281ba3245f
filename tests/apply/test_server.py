"""A process is ended and started anew only where it is the one that was looked at, here, and the own user's."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from landiag.apply import CannotApply
from landiag.apply.server import describe_own, end_server, is_listening
from landiag.model.actions import End

FREE = 9
"""A port at which nothing listens."""

SLEEPER = (sys.executable, "-c", "import time; time.sleep(60)")


@pytest.fixture
def process() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(SLEEPER, env={"PATH": os.environ["PATH"]}) as child:
        yield child
        child.kill()


def end_of(pid: int) -> End:
    import psutil

    found = psutil.Process(pid)
    return End(pid, "TERM", found.create_time(), tuple(found.cmdline()), found.username())


def test_the_very_process_is_described_and_ended(process: subprocess.Popen[bytes]) -> None:
    end = end_of(process.pid)
    old = describe_own(end)
    assert (old.argv, old.cwd, old.environment) == (SLEEPER, os.getcwd(), {"PATH": os.environ["PATH"]})
    end_server(end, FREE)
    assert process.wait() == -signal.SIGTERM


OUTLIVED = """
import os, signal, socket, time
listener = socket.create_server(("127.0.0.1", 0))
if os.fork() == 0:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    time.sleep(0.6)
    os._exit(0)
print(listener.getsockname()[1], flush=True)
time.sleep(60)
"""


def test_a_server_has_ended_when_its_children_let_its_port_go() -> None:
    with subprocess.Popen((sys.executable, "-c", OUTLIVED), stdout=subprocess.PIPE) as server:
        assert server.stdout is not None
        port = int(server.stdout.readline())
        end_server(end_of(server.pid), port)
        assert not is_listening(port)


@pytest.mark.parametrize(
    "change",
    [
        lambda end: replace(end, started=end.started - 1),
        lambda end: replace(end, started=None),
        lambda end: replace(end, argv=("flask", "run")),
        lambda end: replace(end, argv=(*end.argv[:-1], "***")),
        lambda end: replace(end, pid=2**22 + 1),
    ],
    ids=["another-start", "no-start", "another-command", "masked", "gone"],
)
def test_another_process_is_left_alone(process: subprocess.Popen[bytes], change: object) -> None:
    assert callable(change)
    with pytest.raises(CannotApply):
        end_server(change(end_of(process.pid)), FREE)
    assert process.poll() is None


def test_a_process_of_another_user_is_left_alone(process: subprocess.Popen[bytes]) -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root: the process has to be another user's")
    with subprocess.Popen(
        ("setpriv", "--reuid", "nobody", "--regid", "nogroup", "--clear-groups", *SLEEPER)
    ) as other:
        time.sleep(0.5)
        with pytest.raises(CannotApply, match="another user"):
            end_server(end_of(other.pid), FREE)
        assert other.poll() is None
        other.kill()


@pytest.mark.parametrize("kind", ["-n", "-m", "-u -m"])
def test_a_process_in_a_container_is_left_alone(kind: str) -> None:
    """With the same user id, what it is told means something else there."""
    argv = ("unshare", "-U", "-r", *kind.split(), *SLEEPER)
    with subprocess.Popen(argv) as inside:
        time.sleep(0.5)
        with pytest.raises(CannotApply):
            end_server(end_of(inside.pid), FREE)
        assert inside.poll() is None
        inside.kill()
