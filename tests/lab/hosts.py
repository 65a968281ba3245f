"""Hosts: network, mount, pid and uts namespaces inside one user namespace, so that no root is needed.

A host lives as long as its holder, a ``cat`` that waits on a pipe which only this process holds: when the
tests end, however they end, the pipe closes and the kernel ends everything that runs on the host.
"""

from __future__ import annotations

import atexit
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from functools import cache, cached_property
from pathlib import Path
from tempfile import mkdtemp
from typing import IO

from tests.lab.warm import Begun, Run, begin_warm, run_warm

REPOSITORY = Path(__file__).resolve().parents[2]
PROJECT = "/srv/shop"  # the user's project; /srv is private to each host
USER_PATH = f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin"
ROOT_PATH = f"{USER_PATH}:/usr/local/sbin:/usr/sbin:/sbin"

# Every program that is started here is started for some thousand hosts: they are as few as can be.
# /proc/self is read before /proc is mounted anew: it still shows the pid that the machine gave the holder.
# Small tables of connections for the networks that are made from this one (kernels before 6.1 have one table for all):
# whoever looks for listeners has the kernel walk the whole table.
HOLDER = """
read -r pid rest < /proc/self/stat
cd "$2" && mount --make-rprivate / && mount -a -T own && cp -a lab /run/lab && mount -a -T covered || exit 1
children=/proc/sys/net/ipv4/tcp_child_ehash_entries; [ ! -w $children ] || echo 512 > $children
cd /; mkdir -p /run/lock /srv/shop /srv/home
printf '127.0.0.1 localhost\\n::1 localhost\\n127.0.1.1 %s\\n' "$1" > /etc/hosts
hostname "$1"; trap "" CHLD; echo "$pid"; exec cat
"""
OWN = "lab /proc proc\nlab /run tmpfs\nlab /srv tmpfs\n"  # by these names nothing is mounted there yet


class LabError(RuntimeError):
    """The lab itself could not be built: the message holds what the tools said."""


class Host:
    """One machine of the lab; it comes up in the background until somebody asks for its ``pid``."""

    def __init__(self, name: str, *, beside: Host | None = None, inside: Host | None = None) -> None:
        """Start a host: the first makes the user namespace, others live ``beside`` it.

        ``inside`` makes a container: its processes are visible on that host, as a docker host sees them.
        """
        self.name = name
        self._session = ""
        self._spawned: list[subprocess.Popen[str]] = []
        if inside:
            enter = ["nsenter", "-t", str(inside.pid), "-U", "--preserve-credentials", "-n", "-p"]
        elif beside:
            enter = ["nsenter", "-t", str(beside.pid), "-U", "--preserve-credentials", "-n"]
        else:
            enter = ["unshare", "-U", "-r"]
        unshare = ["unshare", "-n", "-m", "-p", "-u", "--fork", "--kill-child"]
        self._holder = _start([*enter, *unshare, "/bin/sh", "-c", HOLDER, "sh", name, _covers()])

    @cached_property
    def pid(self) -> int:
        """The host's first process, as the machine outside knows it; waits until the host is up."""
        return int(_first_line(self._holder, f"host {self.name}"))

    def enter(self, user: bool = False) -> list[str]:
        """The start of a command line that runs on this host, as its root or as its ordinary user."""
        argv = ["nsenter", "-t", str(self.pid), "-U", "--preserve-credentials", "-n", "-m", "-p", "-u"]
        if user:
            argv += ["nsenter", f"--user=/proc/{self._user_session()}/ns/user", "--preserve-credentials"]
        return argv

    def argv(
        self,
        command: str,
        *,
        user: bool = False,
        folder: str = "/",
        environment: Mapping[str, str] | None = None,
    ) -> list[str]:
        """The whole command line for a shell line that is typed on this host."""
        settings = [f"{name}={value}" for name, value in _variables(user, environment).items()]
        return [*self.enter(user), "env", "-i", "-C", folder, *settings, "/bin/sh", "-c", command]

    def run(
        self,
        command: str,
        *,
        user: bool = False,
        folder: str = "/",
        environment: Mapping[str, str] | None = None,
        stdin: str = "",
        check: bool = True,
        timeout: float = 60,
    ) -> subprocess.CompletedProcess[str]:
        """Type a shell line on this host and wait for it; with ``check`` a failure is a LabError."""
        argv = self.argv(command, user=user, folder=folder, environment=environment)
        done = subprocess.run(
            argv, input=stdin, capture_output=True, text=True, errors="replace", check=False, timeout=timeout
        )
        if check and done.returncode:
            raise LabError(f"on {self.name}: {command}\nexit {done.returncode}: {done.stdout}{done.stderr}")
        return done

    def landiag(
        self,
        line: str,
        *,
        user: bool = False,
        folder: str = "/",
        environment: Mapping[str, str] | None = None,
        timeout: float = 60,
    ) -> subprocess.CompletedProcess[str]:
        """Type ``landiag LINE`` on this host and wait for it."""
        return self.module("landiag", line, user, folder, environment, timeout)

    def module(
        self,
        name: str,
        line: str,
        user: bool = False,
        folder: str = "/",
        environment: Mapping[str, str] | None = None,
        timeout: float = 60,
    ) -> subprocess.CompletedProcess[str]:
        """Type ``python -m NAME LINE`` on this host and wait for it (``warm.py``)."""
        return run_warm(self._warm(name, line, user, folder, environment), timeout)

    def begin(self, line: str, output: str, errors: str) -> Begun:
        """Type ``landiag LINE > OUTPUT 2> ERRORS`` on this host and leave it running."""
        with self._open(output) as said, self._open(errors) as complained:
            return begin_warm(self._warm("landiag", line), said, complained)

    def _open(self, path: str) -> IO[bytes]:
        return Path(f"/proc/{self.pid}/root{path}").open("wb")

    def _warm(
        self,
        name: str,
        line: str,
        user: bool = False,
        folder: str = "/",
        environment: Mapping[str, str] | None = None,
    ) -> Run:
        session = self._user_session() if user else ""
        return Run(name, shlex.split(line), self.pid, session, folder, _variables(user, environment))

    def configure(self, script: str) -> None:
        """Run a script in the host's network alone: pids are those of the machine outside (``netns PID``)."""
        argv = ["nsenter", "-t", str(self.pid), "-U", "--preserve-credentials", "-n", "/bin/sh", "-c", script]
        done = subprocess.run(
            argv, env={"PATH": ROOT_PATH}, capture_output=True, text=True, check=False, timeout=60
        )
        if done.returncode:
            raise LabError(f"the network of {self.name}: {done.stderr}")

    def spawn(
        self,
        command: str,
        *,
        user: bool = False,
        folder: str = "/",
        environment: Mapping[str, str] | None = None,
        log: str = "spawned",
    ) -> None:
        """Type a shell line on this host and leave it running; what it says goes to ``log(name)``."""
        line = f"exec >>/run/lab/logs/{log} 2>&1; {command}"
        argv = self.argv(line, user=user, folder=folder, environment=environment)
        self._spawned.append(_start(argv, subprocess.DEVNULL))

    def log(self, name: str) -> str:
        """What a spawned command has said so far."""
        return self.read(f"/run/lab/logs/{name}")

    def write(self, path: str, text: str) -> None:
        """Write a file on this host (under /srv, /run or a covered folder)."""
        target = Path(f"/proc/{self.pid}/root{path}")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")

    def read(self, path: str) -> str:
        """The text of a file on this host; empty when it is not there."""
        file = Path(f"/proc/{self.pid}/root{path}")
        return file.read_text(encoding="utf-8") if file.exists() else ""

    def listeners(self, port: int) -> int:
        """How many TCP sockets of this host's network listen on the port."""
        return sum(_listeners(Path(f"/proc/{self.pid}/net/{table}"), port) for table in ("tcp", "tcp6"))

    def close(self) -> None:
        """End the host and all that runs on it."""
        for process in (self._holder, *self._spawned):
            for pipe in (process.stdin, process.stdout):
                if pipe:
                    pipe.close()
            process.wait(timeout=30)

    def _user_session(self) -> str:
        """The pid, on this host, of a process in the namespace of the ordinary user, uid 1000."""
        if not self._session:
            session = "unshare -U --map-user=1000 --map-group=1000 sh -c 'echo $$; exec cat'"
            process = _start([*self.enter(), "/bin/sh", "-c", f"exec {session}"])
            self._session = _first_line(process, f"the user of {self.name}")
            self._spawned.append(process)
        return self._session


def _variables(user: bool, environment: Mapping[str, str] | None) -> dict[str, str]:
    return {
        "HOME": "/srv/home",
        "LANG": "C.UTF-8",
        "PATH": USER_PATH if user else ROOT_PATH,
        "PYTHONPATH": str(REPOSITORY),
        **(environment or {}),
    }


@cache
def _covers() -> str:
    """A folder with copies of what ufw, firewalld and the resolver own, by which hosts cover the machine's.

    ``own`` and ``covered`` are tables of mounts (fstab(5)): what a host has for itself, and the copies.
    """
    folder = Path(mkdtemp(prefix="landiag-lab-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    lab = folder / "lab"
    (lab / "logs").mkdir(parents=True)
    table = []
    for path in ("/etc/default", "/etc/ufw", "/etc/firewalld", "/var/log"):
        if os.path.isdir(path):
            (lab / path[1:]).mkdir(parents=True)
            table.append(f"/run/lab{path} {path} none bind\n")
    for path in ("/etc/hosts", "/etc/resolv.conf"):
        if os.path.isfile(path):
            (lab / Path(path).name).touch()
            table.append(f"/run/lab/{Path(path).name} {path} none bind\n")
    if os.path.isdir("/etc/default"):
        shutil.copytree("/etc/default", lab / "etc/default", dirs_exist_ok=True, ignore=_unreadable)
    _copy_ufw(lab / "etc/ufw")
    (folder / "own").write_text(OWN, encoding="ascii")
    (folder / "covered").write_text("".join(table), encoding="ascii")
    return str(folder)


def _unreadable(folder: str, names: list[str]) -> list[str]:
    """What only root may read: an ordinary user's lab does without it."""
    return [name for name in names if not os.access(Path(folder, name), os.R_OK)]


def _copy_ufw(folder: Path) -> None:
    """ufw as it is after its installation: off, without rules of anybody."""
    origin = Path("/usr/share/ufw")
    if not folder.is_dir() or not origin.is_dir():
        return
    (folder / "applications.d").mkdir()
    for file in (*(origin / "iptables").glob("*.rules"), *origin.glob("*.init"), origin / "ufw.conf"):
        shutil.copy(file, folder)
        if file.suffix in (".rules", ".init"):
            (folder / file.name).chmod(0o640)


def _start(argv: list[str], pipe: int = subprocess.PIPE) -> subprocess.Popen[str]:
    return subprocess.Popen(argv, stdin=pipe, stdout=pipe, text=True)


def _first_line(process: subprocess.Popen[str], what: str) -> str:
    output: IO[str] | None = process.stdout
    line = output.readline().strip() if output else ""
    if not line:
        raise LabError(f"{what} could not start (user namespaces, tmpfs or /proc mounts refused?)")
    return line


def _listeners(table: Path, port: int) -> int:
    rows = [line.split() for line in table.read_text(encoding="ascii").splitlines()[1:]]
    return sum(row[3] == "0A" and int(row[1].rpartition(":")[2], 16) == port for row in rows)
