"""``check --wait`` repeats until clear; bare ``landiag`` finds the server that is meant."""

from __future__ import annotations

import re
import time

import pytest

from tests.lab.apply.terminal import converse, prepare
from tests.lab.build import start
from tests.lab.hosts import PROJECT
from tests.lab.network import SERVER, Lab, build_lab
from tests.lab.scenario import Step, background, nft_input
from tests.lab.servers import Server, flask

pytestmark = pytest.mark.lab

OPENS = """
import subprocess, time
print("ready", flush=True)
time.sleep(7)
subprocess.run(("nft", "flush", "ruleset"))
"""


def type_line(lab: Lab, words: str, folder: str = PROJECT) -> tuple[int, str, str]:
    done = lab.server.landiag(words, folder=folder)
    return done.returncode, done.stdout, done.stderr


def test_wait_says_each_change_once_and_ends_when_it_is_clear() -> None:
    with build_lab() as lab:
        prepare(lab, (nft_input("tcp dport 5000 drop"), background(OPENS, "server")), flask("--host 0.0.0.0"))
        status, out, errors = type_line(lab, "check --port 5000 --wait --quiet")
        assert (status, len(re.findall(r"^\d\d:\d\d:\d\d  ", errors, re.MULTILINE))) == (0, 1), errors
        assert "firewall" in errors.splitlines()[0]
        assert len(out.splitlines()) == 1


def test_a_typed_timeout_bounds_the_whole_wait() -> None:
    with build_lab() as lab:
        prepare(lab, (nft_input("tcp dport 5000 drop"),), flask("--host 0.0.0.0"))
        started = time.monotonic()
        status, _, _ = type_line(lab, "check --port 5000 --wait --timeout 8 --quiet")
        assert status in (1, 3)
        assert 5 < time.monotonic() - started < 12


def test_a_typed_timeout_does_not_run_while_a_question_is_open() -> None:
    from tests.lab.apply.terminal import QUESTIONS, client_gets, go_on, spawn

    with build_lab() as lab:
        prepare(lab, (nft_input("tcp dport 5000 drop"),), flask("--host 0.0.0.0"))
        child = spawn(lab, "check --port 5000 --fix --timeout 15")
        child.expect(QUESTIONS[1])
        time.sleep(16)
        child.sendline("y")
        assert (go_on(child).status, client_gets(lab)) == (0, "served")


@pytest.mark.parametrize(
    "words", ["check localhost:5000", f"check {SERVER}:5000", f"check http://{SERVER}:5000/"]
)
def test_host_and_port_are_taken_where_a_url_is(words: str) -> None:
    with build_lab() as lab:
        prepare(lab, (), flask("--host 0.0.0.0"))
        assert type_line(lab, f"{words} --quiet")[0] == 0


@pytest.mark.parametrize("peer", [SERVER, "127.0.0.1", "fd77::10", "localhost"])
def test_a_peer_that_is_this_machine_gets_a_sentence(peer: str) -> None:
    with build_lab() as lab:
        prepare(lab, (), flask("--host 0.0.0.0"))
        status, out, errors = type_line(lab, f"check --port 5000 --peer {peer}")
        assert (status, out) == (2, "")
        assert "this machine itself" in errors


def shop(port: int, folder: str) -> Server:
    command = f"flask --app shop run --host 127.0.0.1 --port {port}"
    return Server(command, flask().files, port=port, folder=folder)


def test_bare_landiag_checks_the_server_of_the_current_folder() -> None:
    with build_lab() as lab:
        prepare(lab, (), shop(5001, "/srv/other"))
        start(lab, shop(5002, PROJECT), "second")
        status, out, errors = type_line(lab, "")
        assert (status, "127.0.0.1:5002" in out) == (1, True), out + errors
        assert "Checking Flask's development server on port 5002" in errors
        status, out, errors = type_line(lab, "", folder="/srv/home")
        assert status == 3, out + errors
        assert {"5001", "5002"} <= set(out.split())
        assert "landiag check --port 5001" in out


def test_bare_landiag_finds_the_server_of_the_folders_virtual_environment() -> None:
    venv = Step(f"python -m venv --without-pip --system-site-packages {PROJECT}/.venv")
    elsewhere = Server(
        f"mkdir -p /srv/elsewhere && cp shop.py /srv/elsewhere && cd /srv/elsewhere && "
        f"exec {PROJECT}/.venv/bin/python -m flask --app shop run --port 5003",
        flask().files,
        port=5003,
    )
    with build_lab() as lab:
        prepare(lab, (venv,), elsewhere)
        start(lab, shop(5001, "/srv/other"), "second")
        status, _, errors = type_line(lab, "")
        assert (status, "port 5003" in errors) == (1, True), errors


def test_bare_landiag_shows_one_screen_of_help_where_no_server_runs() -> None:
    with build_lab() as lab:
        status, out, errors = type_line(lab, "", folder="/srv/home")
        assert (status, "check" in out, len(out.splitlines()) <= 24) == (2, True, True)
        assert "no web server of yours" in errors


def test_bare_landiag_fits_a_terminal() -> None:
    with build_lab() as lab:
        prepare(lab, (), shop(5001, PROJECT))
        said = converse(lab, "")
        assert said.status == 1
        assert max(map(len, said.text.partition("Blocked")[0].splitlines())) <= 80
