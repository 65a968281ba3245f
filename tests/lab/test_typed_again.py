"""What landiag prints to be typed is typed as it stands, in the shell in which landiag was typed."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from tests.lab.build import build
from tests.lab.case import truth_of
from tests.lab.hosts import PROJECT, ROOT_PATH
from tests.lab.network import Lab
from tests.lab.scenarios import SCENARIOS

pytestmark = pytest.mark.lab

BIN = str(Path(sys.executable).parent)
SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
DO_IT = re.compile(r"^Do it for me:\s+(.+?)(?:\s+·.*)?$", re.MULTILINE)
WHY = re.compile(r"Why:\s+(.+)$", re.MULTILINE)


def type_line(lab: Lab, line: str, *, user: bool = False, path: str = SYSTEM_PATH, **more: str) -> str:
    variables = {"PATH": path, **more}
    done = lab.server.run(line, user=user, folder=PROJECT, environment=variables, check=False)
    assert "not found" not in done.stderr, (line, done.stderr)
    return done.stdout


def test_a_root_without_sudo_gets_through_by_what_is_printed() -> None:
    scenario = next(one for one in SCENARIOS if one.name == "ufw-enabled")
    with build(scenario) as lab:
        lab.server.run("mount -t tmpfs -o mode=755 tmpfs /var/lib")  # root's journal, of this host alone
        shown = type_line(lab, f"{BIN}/landiag check --port 5000")
        assert "sudo" not in shown
        (line,) = DO_IT.findall(shown)
        shown = type_line(lab, f"{line} --yes")
        assert "sudo" not in shown
        assert truth_of(lab, scenario, scenario.who) == "served", shown
        (undo,) = re.findall(r"^Take it back: (.+)$", shown, re.MULTILINE)
        type_line(lab, f"{undo} --yes")
        assert truth_of(lab, scenario, scenario.who) == "timeout"


def test_who_became_root_for_one_command_is_told_sudo_again() -> None:
    scenario = next(one for one in SCENARIOS if one.name == "ufw-enabled")
    with build(scenario) as lab:
        shown = type_line(lab, "landiag check --port 5000", path=ROOT_PATH, SUDO_UID="1000")
        (line,) = DO_IT.findall(shown)
        assert re.fullmatch(r"sudo /\S+/landiag check --port 5000 --fix", line)
        assert "\n    sudo ufw " in shown


def test_a_landiag_that_the_shell_does_not_find_by_its_name_is_printed_with_its_path() -> None:
    scenario = next(one for one in SCENARIOS if one.name == "flask-run")
    with build(scenario) as lab:
        shown = type_line(lab, f"{BIN}/landiag check --port 5000", user=True)
        (why,) = WHY.findall(shown)
        assert type_line(lab, why, user=True).startswith("bound-to-loopback")
        (line,) = DO_IT.findall(shown)
        shown = type_line(lab, f"{line} --yes", user=True)
        assert truth_of(lab, scenario, scenario.who) == "served", shown
        by_name = type_line(lab, "landiag explain", user=True, path=ROOT_PATH)
        assert "bound-to-loopback" in by_name
