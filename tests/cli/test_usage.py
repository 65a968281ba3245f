"""What cannot be typed is told in one sentence that names the help of the command that was meant."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("check --prot 5000", "no such option: --prot"),
        ("check --prot 5000", "landiag check --help shows what there is"),
        ("firewall --replay x", "landiag firewall --help shows what there is"),
        ("probe", "missing argument"),
        ("probe", "landiag probe --help shows what there is"),
        ("chek", "Did you mean 'check'? "),
        ("check --interface nope0", "there is no interface nope0 here: choose one of lo"),
        ("firewall --all --in nope0", "there is no interface nope0 here: choose one of lo"),
        ("firewall --in nope0", "there is no interface nope0 here: choose one of lo"),
    ],
)
def test_wrong_line_names_the_help_of_its_command(line: str, says: str) -> None:
    argv = (sys.executable, "-m", "landiag", *line.split())
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout) == (2, "")
    assert says in done.stderr
    assert done.stderr.count("\n") == 1
