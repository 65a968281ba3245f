"""The same Debian without an emulator: its systemd in namespaces on this machine's own kernel, up in seconds."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
import tty
from contextlib import suppress
from pathlib import Path

from tests.lab.hosts import Host, LabError
from tests.vm.agent import Agent, Guest
from tests.vm.image import HERE, REPOSITORY, Image
from tests.vm.network import PLUG

MAC = "52:54:00:77:00:10"
COMPILE = "python3 -m compileall -q /opt/landiag"


class Container(Guest):
    """A machine on the network of ``switch`` that shares the kernel under the tests; a context manager that ends it."""

    def __init__(self, switch: Host, image: Image, folder: Path) -> None:
        """Start it; ``folder`` takes what it writes."""
        self._switch, self._folder = switch, folder
        self._group = _unified_groups() / f"landiag-{os.getpid()}"
        self._group.mkdir()
        for name in ("base", "layer", "work", "root"):
            (folder / name).mkdir()
        _call("mount", "-o", "ro,noload,loop", str(image.root), str(folder / "base"))
        self._init: subprocess.Popen[str] | None = None
        self._pid: int | None = None
        try:
            self._add_landiag()
            self.restore()
        except BaseException:
            self.close()
            raise

    def restore(self) -> None:
        """Start it anew with nothing of what it has written."""
        self._stop()
        shutil.rmtree(self._folder / "upper", ignore_errors=True)
        for name in ("files", "work"):
            (self._folder / "upper" / name).mkdir(parents=True)
        self._start()

    def reboot(self) -> None:
        """Start it anew with what its disk now holds."""
        self.agent.tell("systemctl --no-block reboot")
        if self._init is not None:
            self._init.wait(timeout=90)
        self._stop()
        self._start()

    def close(self) -> None:
        """End everything that runs in it."""
        self._stop()
        _call("umount", "-l", str(self._folder / "base"))
        self._group.rmdir()

    def _add_landiag(self) -> None:
        """This checkout's landiag, compiled for the Python that is there, as a layer below all that is written."""
        root, layer, work = (self._folder / name for name in ("root", "layer", "work"))
        below = f"lowerdir={self._folder}/base,upperdir={layer},workdir={work}"
        _call("mount", "-t", "overlay", "overlay", "-o", below, str(root))
        try:
            ignored = shutil.ignore_patterns("__pycache__", "*.pyc")
            shutil.copytree(REPOSITORY / "landiag", root / "opt/landiag/src/landiag", ignore=ignored)
            _call("chroot", str(root), "/bin/sh", "-c", COMPILE)
        finally:
            _call("umount", str(root))

    def _start(self) -> None:
        self._port, self._far = os.openpty()
        tty.setraw(self._far)
        layers = f"{self._folder}/layer:{self._folder}/base"
        words = (self._folder / "root", self._folder / "upper", os.ttyname(self._far), layers)
        line = ["unshare", "-m", "-p", "-n", "-u", "-i", "-C", "--fork", "--kill-child"]
        enter = ["/bin/sh", "-c", f'echo $$ > {self._group}/cgroup.procs; exec "$@"', "sh"]
        with (self._folder / "console.log").open("wb") as log:
            self._init = subprocess.Popen(
                [*enter, *line, str(HERE / "container.sh"), *map(str, words)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        self._boot()

    def _boot(self) -> None:
        if self._init is None or self._init.stdout is None or self._init.stdin is None:
            raise LabError("nothing was started")
        said = self._init.stdout.readline()
        if not said:
            raise LabError(f"the machine does not start: {self._console()[-800:]}")
        self._pid = int(said)
        self._plug()
        self._init.stdin.write("go\n")
        self._init.stdin.flush()
        self.agent = Agent(self._port, self._console)
        self.agent.wait_until_up()

    def _plug(self) -> None:
        """A link from the switch to its eth0; it ends with the network namespace of the machine."""
        there = ("nsenter", "-t", str(self._switch.pid), "-n", "ip", "link")
        subprocess.run([*there, "del", PLUG], capture_output=True, check=False, timeout=20)
        peer = ("peer", "name", "eth0", "address", MAC, "netns", str(self._pid))
        _call(*there, "add", PLUG, "type", "veth", *peer)
        _call(*there, "set", PLUG, "master", "lan0", "up")

    def _stop(self) -> None:
        if self._init is None:
            return
        if self._pid is not None:
            with suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGKILL)
        self._init.wait(timeout=30)
        for stream in (self._init.stdin, self._init.stdout):
            if stream is not None:
                stream.close()
        os.close(self._port)
        os.close(self._far)
        self._init = self._pid = None
        self._remove_groups()

    def _remove_groups(self) -> None:
        """Remove its control groups: programs that its systemd has put there would judge the next one's packets."""
        deadline = time.monotonic() + 20
        while groups := sorted((one for one in self._group.rglob("*") if one.is_dir()), reverse=True):
            for group in groups:
                with suppress(OSError):  # what was killed a moment ago may be there still
                    group.rmdir()
            time.sleep(0.05)
            if time.monotonic() > deadline:
                raise LabError(f"control groups are left: {groups[:3]}")

    def _console(self) -> str:
        return (self._folder / "console.log").read_text(errors="replace")


def _unified_groups() -> Path:
    """Where the machine under the tests has its control groups of the second version."""
    for line in Path("/proc/mounts").read_text(encoding="utf-8").splitlines():
        _, place, kind, *_ = line.split()
        if kind == "cgroup2":
            return Path(place)
    raise LabError("this machine has no control groups of the second version")


def _call(*argv: str) -> None:
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=120)
    if done.returncode:
        raise LabError(f"{' '.join(argv)}: {done.stdout}{done.stderr}"[:800])
