"""The programs that change the system: run with a bound, in sessions of their own, so that Ctrl-C spares them."""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import time
from collections.abc import Sequence
from typing import Any

from landiag.host.programs import SAFE_PATH, find_program

_ENVIRONMENT = {"PATH": os.pathsep.join(SAFE_PATH), "LC_ALL": "C", "LANG": "C"}
_TRACE_GROUP = 1 << 8
"""The bit of NFNLGRP_NFTRACE in the groups that /proc/net/netlink shows (linux/netfilter/nfnetlink.h)."""


class ToolError(RuntimeError):
    """A program is missing, failed or did not end in time; the message is what it said."""


def run_tool(argv: Sequence[str], stdin: str = "", seconds: float = 5.0) -> str:
    """Run a program and return what it printed. Raises ToolError."""
    program = find_program(argv[0])
    if program is None:
        raise ToolError(f"{argv[0]} is not installed")
    try:
        done = subprocess.run(
            (program, *argv[1:]),
            input=stdin.encode(),
            capture_output=True,
            check=False,
            timeout=seconds,
            env=_ENVIRONMENT,
            cwd="/",
            start_new_session=True,
        )
    except subprocess.TimeoutExpired as error:
        raise ToolError(f"{argv[0]} did not end within {seconds:.0f} s") from error
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise ToolError(f"{argv[0]}: {said[0] if said else f'it ended with status {done.returncode}'}")
    return done.stdout.decode("utf-8", "backslashreplace")


def mac_of(link: str) -> bytes:
    """The MAC address of an interface. Raises ToolError."""
    shown: list[dict[str, Any]] = json.loads(run_tool(("ip", "-j", "link", "show", "dev", link)))
    return bytes.fromhex(shown[0]["address"].replace(":", ""))


def count_redirected(link: str) -> int:
    """How many frames the filter of a link has handed on."""
    shown: list[dict[str, Any]] = json.loads(
        run_tool(("tc", "-s", "-j", "filter", "show", "dev", link, "ingress"))
    )
    actions = (action for one in shown for action in one.get("options", {}).get("actions", ()))
    return sum(int(action.get("stats", {}).get("packets", 0)) for action in actions)


def ends_with(parent: int) -> tuple[str, ...]:
    """What to write before a program that the kernel ends when the process ``parent``, which starts it, is killed.

    Where that has happened before the kernel was told, the program is not begun. Empty without setpriv.
    """
    keeper = find_program("setpriv")
    if keeper is None:
        return ()
    return (keeper, "--pdeathsig", "KILL", "/bin/sh", "-c", 'test "$PPID" = "$0" && exec "$@"', str(parent))


class Monitor:
    """``nft monitor trace`` in the background; what it prints is taken when it comes."""

    def __init__(self) -> None:
        """Start it. Raises ToolError."""
        program = find_program("nft")
        if program is None:
            raise ToolError("nft is not installed")
        self._child = subprocess.Popen(
            (*ends_with(os.getpid()), program, "-a", "monitor", "trace"),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=_ENVIRONMENT,
            cwd="/",
            start_new_session=True,
        )
        self._data = b""

    @property
    def text(self) -> str:
        """What it has printed so far."""
        return self._data.decode("utf-8", "backslashreplace")

    def wait_until_ready(self, deadline: float) -> None:
        """Wait until it has joined the kernel's group for traces, which it does when it has read the rules.

        Raises ToolError.
        """
        while not _listens(self._child.pid):
            if self._child.poll() is not None:
                self.take(0.2)
                raise ToolError(f"nft monitor trace ended at once: {self.text.strip()[:200]}")
            if time.monotonic() > deadline:
                raise ToolError("nft monitor trace did not begin to listen in time")
            time.sleep(0.01)

    def take(self, seconds: float) -> bool:
        """Take what it prints next, for at most that long. False where nothing came."""
        assert self._child.stdout is not None
        with selectors.DefaultSelector() as selector:
            selector.register(self._child.stdout, selectors.EVENT_READ)
            if not selector.select(seconds):
                return False
        chunk = os.read(self._child.stdout.fileno(), 1 << 16)
        self._data += chunk
        return bool(chunk)

    def close(self) -> None:
        """End it."""
        self._child.kill()
        self._child.wait()
        if self._child.stdout is not None:
            self._child.stdout.close()


def _listens(pid: int) -> bool:
    """Whether a process has joined the group: its socket's port is its pid (netlink(7))."""
    with open("/proc/net/netlink", encoding="ascii") as table:
        rows = [line.split() for line in table][1:]
    return any(row[1] == "12" and row[2] == str(pid) and int(row[3], 16) & _TRACE_GROUP for row in rows)
