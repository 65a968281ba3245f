"""``python -m landiag`` on a host of the lab without the start of Python: a process that has loaded it forks there.

Every run is the whole command line, in a process of its own and in the host's namespaces. What this does not try is
how the program is loaded: the tests of the command line, of real terminals and of signals start it anew.
"""

from __future__ import annotations

import ctypes
import gc
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from pkgutil import walk_packages
from typing import IO, NoReturn

from msgspec import Struct

WARNINGS = ("-W", "error", "-W", "ignore::DeprecationWarning:typer")
"""No run of landiag may warn of anything."""

_LARGEST = 1 << 16  # bytes of a run's words and variables
_NAMESPACES = ("user", "net", "mnt", "pid", "uts")
_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG, prctl(2)


class Run(Struct, frozen=True):
    """One run of ``python -m MODULE WORDS``. ``pid``: the host's first process, as the machine outside knows it.

    ``session``: a process, by its number on the host, whose user namespace is entered last; empty for root.
    """

    module: str
    words: Sequence[str]
    pid: int
    session: str
    folder: str
    variables: Mapping[str, str]


class Begun(Struct):
    """A run that has begun. Its parent tells its own number, then the run's, both as the machine outside knows them;
    and the run's status when it has ended."""

    run: Run
    teller: socket.socket
    told: str = ""

    def signal(self, number: int) -> None:
        """Send a signal to the run."""
        os.kill(self._numbers(2, 10.0)[1], number)

    def is_over(self) -> bool:
        """Whether it has ended."""
        try:
            return len(self._numbers(3, 0.0)) == 3
        except subprocess.TimeoutExpired:
            return False

    def wait(self, seconds: float) -> int:
        """The status when it has ended. In time, or it is killed, and ``subprocess.TimeoutExpired`` raised."""
        try:
            status = self._numbers(3, seconds)[2]
        except subprocess.TimeoutExpired:
            if self.told:
                os.kill(self._numbers(1, 0.0)[0], signal.SIGKILL)
            raise
        self.teller.close()
        return status

    def _numbers(self, count: int, seconds: float) -> list[int]:
        end = time.monotonic() + seconds
        while self.told.count("\n") < count:
            self.teller.settimeout(max(end - time.monotonic(), 0.01))
            try:
                more = self.teller.recv(64).decode()
            except TimeoutError:
                raise subprocess.TimeoutExpired(self.run.words, seconds) from None
            if not more:
                raise RuntimeError(f"{' '.join(self.run.words)} could not enter its host: {self.told}")
            self.told += more
        return [int(word) for word in self.told.split()]


def begin_warm(run: Run, output: IO[bytes], errors: IO[bytes]) -> Begun:
    """Begin a run that writes into these files."""
    ours, theirs = socket.socketpair()
    with theirs, open(os.devnull, "rb") as nothing:
        channels = [nothing.fileno(), output.fileno(), errors.fileno(), theirs.fileno()]
        socket.send_fds(_server()[0], [json.dumps(_fields(run)).encode()], channels)
    return Begun(run, ours)


def run_warm(run: Run, seconds: float) -> subprocess.CompletedProcess[str]:
    """Wait for a run to end. Raises ``subprocess.TimeoutExpired`` as ``subprocess.run`` does."""
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        status = begin_warm(run, output, errors).wait(seconds)
        said, complained = (_whole(file.fileno()) for file in (output, errors))
    return subprocess.CompletedProcess(run.words, status, said, complained)


def _fields(run: Run) -> list[object]:
    return [run.module, list(run.words), run.pid, run.session, run.folder, dict(run.variables)]


def _whole(file: int) -> str:
    size = os.fstat(file).st_size
    return os.pread(file, size, 0).decode(errors="replace")


@cache
def _server() -> tuple[socket.socket, subprocess.Popen[bytes]]:
    """Start the process that forks, and where it takes requests; it ends when this one does."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    argv = [sys.executable, *WARNINGS, "-m", "tests.lab.warm", str(theirs.fileno())]
    variables = {**os.environ, "LANG": "C.UTF-8"}
    process = subprocess.Popen(argv, pass_fds=[theirs.fileno()], env=variables, start_new_session=True)
    theirs.close()
    return ours, process


def _serve(requests: socket.socket) -> None:
    """Fork for every request until nobody can ask any more."""
    while True:
        request, channels, _, _ = socket.recv_fds(requests, _LARGEST, 4)
        if not request:
            return
        if os.fork() == 0:
            requests.close()
            _run(Run(*json.loads(request)), channels)
        for channel in channels:
            os.close(channel)
        _reap()


def _reap() -> None:
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def _run(run: Run, channels: Sequence[int]) -> NoReturn:
    """Enter the host, and wait there for the child that runs: only children enter a pid namespace."""
    teller = channels[3]
    _tell(teller, os.getpid())
    for number, channel in enumerate(channels[:3]):
        os.dup2(channel, number)
    namespaces = [os.open(f"/proc/{run.pid}/ns/{name}", os.O_RDONLY) for name in _NAMESPACES]
    for namespace in namespaces:
        _enter(namespace)
    child = os.fork()
    if child == 0:
        os.closerange(3, 256)
        _begin(run)
    _tell(teller, child)
    _tell(teller, os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    os._exit(0)


def _tell(teller: int, number: int) -> None:
    os.write(teller, f"{number}\n".encode())


def _begin(run: Run) -> NoReturn:
    ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)
    gc.disable()  # it would look through what it shares with all other runs
    if run.session:
        _enter(os.open(f"/proc/{run.session}/ns/user", os.O_RDONLY))
    os.chdir(run.folder)
    os.environ.clear()
    os.environ.update(run.variables)
    time.tzset()
    sys.argv = [run.module, *run.words]
    runpy.run_module(run.module, run_name="__main__", alter_sys=True)
    sys.stdout.flush()
    os._exit(0)


def _enter(namespace: int) -> None:
    if ctypes.CDLL(None, use_errno=True).setns(namespace, 0):
        raise OSError(ctypes.get_errno(), "setns")
    os.close(namespace)


def _load() -> None:
    """Import every module of landiag and what it imports late; nothing is read yet."""
    import landiag

    for name in ("psutil", "typer", "ssl", "select"):
        import_module(name)
    for module in walk_packages(landiag.__path__, "landiag."):
        if not module.name.endswith("__main__"):
            import_module(module.name)
    _read_an_option()
    gc.freeze()


def _read_an_option() -> None:
    """typer imports the most of what it needs when it reads its first option."""
    import typer

    program = typer.Typer()
    program.command()(_nothing)
    program([], standalone_mode=False)


def _nothing(flag: bool = False) -> None:
    """A command line of one option."""


if __name__ == "__main__":
    _load()
    with socket.socket(fileno=int(sys.argv[1])) as asked:
        _serve(asked)
