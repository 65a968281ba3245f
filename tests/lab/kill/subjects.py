"""What is stopped: each command that adds something or keeps running, its world, its documented clean-up."""

from __future__ import annotations

import sys

from msgspec import Struct

from tests.lab.build import start, take
from tests.lab.network import Lab, build_lab
from tests.lab.scenario import Step, background, nft_input, sh
from tests.lab.servers import Server, flask, node

LANDIAG = f"{sys.executable} -m landiag"
UNDONE = (0, 2)
"""How ``landiag undo`` ends when everything is as it was: it took it back, or there was nothing to take back."""


class Subject(Struct, frozen=True):
    """A command that is stopped. ``before`` is typed before it each time, ``after`` is the documented clean-up.

    ``told`` are the words with which the clean-up may end instead, where a person has to do the rest; ``again`` is
    then typed, so that the next run finds the same. ``terminal``: it wants one. ``deadline`` are the seconds after
    which it takes everything back by itself.
    """

    name: str
    command: str
    steps: tuple[Step, ...] = (nft_input("tcp dport 5000 drop"),)
    server: Server = flask("--host 0.0.0.0")
    on: str = "server"
    user: bool = False
    before: str = ""
    after: str = ""
    told: str = ""
    again: str = ""
    terminal: bool = False
    deadline: float = 0.0


KNOCK = """
import socket, time
print("ready", flush=True)
while True:
    try:
        socket.create_connection(("192.168.77.10", 5000), timeout=0.2).close()
    except OSError:
        pass
    time.sleep(0.1)
"""
OPEN = """
import time, urllib.request
print("ready", flush=True)
while True:
    for port in range(8780, 8783):
        try:
            urllib.request.urlopen(f"http://192.168.77.10:{port}/", timeout=0.3).read()
        except OSError:
            pass
    time.sleep(0.1)
"""
FRESH = "rm -f /srv/home/saved.json; "
START_ANEW = (
    "pkill -x node; cd /srv/shop; sed -i 's/0.0.0.0/127.0.0.1/' server.js; "
    "(setsid node server.js > /dev/null 2>&1 &); "
    "for n in $(seq 100); do ss -Hltn sport = :5000 | grep -q . && break; sleep 0.05; done"
)  # fmt: skip

SUBJECTS = (
    Subject("prove", "check --port 5000 --prove", after="check --prove --cleanup"),
    Subject("fix", "check --port 5000 --fix --yes --confirm-within 0", after="undo --yes"),
    Subject(
        "guard", "check --port 5000 --fix --yes --confirm-within 2", after="undo --yes", terminal=True, deadline=4.0
    ),
    Subject(
        "undo", "undo --yes", before=f"{LANDIAG} check --port 5000 --fix --yes --confirm-within 0", after="undo --yes"
    ),
    Subject(
        "edit", "check --port 5000 --fix --yes", steps=(), server=node('5000, "127.0.0.1"'), user=True,
        after="undo --yes", told="start it yourself", again=f"{LANDIAG} undo --forget --yes; {START_ANEW}",
    ),
    Subject(
        "watch", "watch --port 5000 --duration 1 --save /srv/home/saved.json", before=FRESH,
        steps=(nft_input("tcp dport 5000 drop"), background(KNOCK, "client")), after="watch --port 5000 --duration 0.5",
    ),
    Subject("serve", "serve --port 5000 --duration 1.5", steps=(sh("true"), background(OPEN, "client"))),
    Subject(
        "probe", "probe 192.168.77.10:5000 --save /srv/home/saved.json", on="client", before=FRESH,
    ),
)  # fmt: skip


def build_world(subject: Subject) -> Lab:
    """The lab in which it is stopped, its server listening; what it may leave behind has folders of its own."""
    lab = build_lab()
    try:
        for host in (lab.server, lab.client):
            host.run("mount -t tmpfs -o mode=755 tmpfs /var/lib; mkdir -p /srv/home/tmp")
        for step in subject.steps:
            take(lab, step)
        start(lab, subject.server, "server")
    except BaseException:
        lab.__exit__(None, None, None)
        raise
    return lab
