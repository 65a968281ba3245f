"""landiag at a real terminal of a host of the lab, and what it may have changed there."""

from __future__ import annotations

import re
import signal
import sys
from dataclasses import dataclass

import pexpect

from tests.lab.build import start, take
from tests.lab.client import measure
from tests.lab.fixes import RULES
from tests.lab.hosts import PROJECT
from tests.lab.network import SERVER, Lab
from tests.lab.scenario import Step
from tests.lab.servers import Server

SECONDS = 60
QUESTIONS = (pexpect.EOF, r"\[y/N\] ", "to stop: ", "keep this change: ")
"""Where landiag waits for the person; the first is its end."""

STATE = (
    RULES
    + """
ip route show table all | grep -v ff00 | sort; sysctl -a 2> /dev/null | grep -E 'arp_ignore|rp_filter|ip_forward'
ip -o link show dev eth0 | sed 's/^[0-9]*//'
"""
)
JOURNAL = "ls /var/lib/landiag 2> /dev/null | grep json; true"


@dataclass(frozen=True, slots=True)
class Said:
    """How landiag ended at the terminal, and everything that it printed there."""

    status: int
    text: str


def prepare(lab: Lab, steps: tuple[Step, ...], server: Server) -> None:
    """Build a fault; root's journal is in a folder that only this host has."""
    lab.server.run("mount -t tmpfs -o mode=755 tmpfs /var/lib")
    for step in steps:
        take(lab, step)
    start(lab, server, "server")


def spawn(lab: Lab, words: str, *, user: bool = False) -> pexpect.spawn[str]:
    """Type ``landiag WORDS`` at a terminal of 80 columns."""
    line = f"exec {sys.executable} -m landiag {words}"
    argv = lab.server.argv(
        line, user=user, folder=PROJECT, environment={"TERM": "xterm", "NO_COLOR": "1", "HOME": "/srv/home"}
    )
    return pexpect.spawn(
        argv[0], argv[1:], encoding="utf-8", dimensions=(24, 80), timeout=SECONDS, preexec_fn=_hear_interrupts
    )


def _hear_interrupts() -> None:
    """At a terminal Ctrl-C is heard, also where these tests were started with SIGINT ignored (``nohup ./test &``)."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def converse(lab: Lab, words: str, *, user: bool = False, says: str = "y", enters: bool = True) -> Said:
    """Answer every question: ``says`` to yes or no, Enter to a confirmation, q where landiag waits for a person."""
    return go_on(spawn(lab, words, user=user), says=says, enters=enters)


def go_on(child: pexpect.spawn[str], *, says: str = "y", enters: bool = True) -> Said:
    """Answer whatever landiag asks from here on."""
    text = ""
    while (asked := child.expect(list(QUESTIONS))) != 0:
        text += (child.before or "") + str(child.after)
        if asked < 3 or enters:
            child.sendline({1: says, 2: "q", 3: ""}[asked])
    child.close()
    text = _without_passing(text + (child.before or ""))
    return Said(child.exitstatus if child.exitstatus is not None else -1, text)


def _without_passing(text: str) -> str:
    """What stays on the screen: not the lines that something else has taken the place of (``show_passing``)."""
    return re.sub(r"[^\n]*\r\x1b\[K", "", text)


def state(lab: Lab) -> str:
    """Everything that a fix may have changed, as text."""
    return lab.server.run(STATE, check=False).stdout


def journal(lab: Lab) -> list[str]:
    """The entries of root's journal."""
    return lab.server.run(JOURNAL).stdout.split()


def client_gets(lab: Lab) -> str:
    """What a real client gets from port 5000, when it does not know this machine yet."""
    lab.client.run("ip neigh flush dev eth0")
    return measure(lab.client, SERVER, 5000)
