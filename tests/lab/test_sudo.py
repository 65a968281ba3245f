"""``check --sudo``: an ordinary user who may use sudo is told what root is told.

sudo itself cannot run in the lab (its user has no way up): ``stand_in.py``.
"""

from __future__ import annotations

import json
import sys

import pytest

from tests.lab.apply.terminal import client_gets
from tests.lab.build import start, take
from tests.lab.hosts import PROJECT
from tests.lab.network import build_lab
from tests.lab.scenario import Step, background, nft_input, sh, ufw
from tests.lab.servers import flask
from tests.lab.stand_in import INSTALL, ROOTS

pytestmark = pytest.mark.lab


def asked_by_sudo(*steps: Step) -> tuple[dict[str, object], str, str]:
    with build_lab() as lab:
        for step in (*steps, INSTALL, background(ROOTS, "server")):
            take(lab, step)
        start(lab, flask("--host 0.0.0.0"), "server")
        before = lab.server.run("nft -s list ruleset").stdout
        done = lab.server.run(
            f"{sys.executable} -m landiag check --port 5000 --json --sudo", user=True, check=False
        )
        log = lab.server.run("cat /run/lab/sudo.log").stdout
        assert lab.server.run("nft -s list ruleset").stdout == before
    return json.loads(done.stdout), done.stderr, log


@pytest.mark.parametrize(
    ("steps", "status", "cause", "title"),
    [
        ((nft_input("tcp dport 5000 drop"),), "blocked", "firewall-drops", "inet filter input rule 1"),
        ((ufw("allow 22", "deny 5000/tcp"),), "blocked", "firewall-drops", "ufw rule 2 (deny 5000/tcp)"),
        ((sh("true"),), "clear", None, ""),
    ],
    ids=["nft", "ufw", "nothing"],
)
def test_the_user_is_told_what_root_is_told(
    steps: tuple[Step, ...], status: str, cause: str | None, title: str
) -> None:
    report, said, log = asked_by_sudo(*steps)
    verdict = report["verdict"]
    assert isinstance(verdict, dict)
    assert (verdict["status"], verdict["cause"]) == (status, cause), report["findings"]
    assert title in verdict["summary"]
    announced = [line.strip() for line in said.splitlines()[1:]]
    allowed = ("cat ", "nsenter ", *announced)
    # Nothing runs as root that was not listed before; the programs are named whole, by their own path.
    for line in log.splitlines():
        program, _, rest = line.partition(" ")
        typed = f"{program.rpartition('/')[2]} {rest}".strip()
        assert typed.startswith(allowed), (typed, announced)


def test_a_fix_goes_on_as_root_where_only_root_can_look() -> None:
    """A server that listens for itself, behind ufw: its user restarts it, root opens the port; one command."""
    with build_lab() as lab:
        lab.server.run("mount -t tmpfs -o mode=755 tmpfs /var/lib")
        for step in (ufw("allow 22"), INSTALL, background(ROOTS, "server")):
            take(lab, step)
        start(lab, flask(""), "server")
        line = f"{sys.executable} -m landiag check --port 5000 --fix --yes"
        done = lab.server.run(line, user=True, folder=PROJECT, check=False)
        assert done.returncode == 0, done.stdout
        assert client_gets(lab) == "served", done.stdout


def test_watch_names_the_line_that_may_see_packets() -> None:
    with build_lab() as lab:
        said = lab.server.run(f"{sys.executable} -m landiag watch --port 5000", user=True, check=False)
    assert said.returncode == 3
    assert said.stderr.startswith("landiag: watch must see packets, which needs root: sudo /")
