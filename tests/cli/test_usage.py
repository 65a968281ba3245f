"""What cannot be typed is told in one sentence that names the help of the command that was meant."""

from __future__ import annotations

import inspect
import subprocess
import sys

import pytest
from typer.core import TyperGroup

from landiag.cli.app import run_command

SUGGESTS = pytest.mark.skipif(
    "suggest_commands" not in inspect.signature(TyperGroup.__init__).parameters,
    reason="typer suggests no commands before 0.20",
)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("check --prot 5000", "there is no option --prot (did you mean --port?)"),
        ("check --prot 5000", "landiag check --help shows what there is"),
        ("--port 5000", "Did you mean: landiag check --port 5000"),
        ("http://192.168.77.10:5000/", "Did you mean: landiag check http://192.168.77.10:5000/"),
        ("192.168.77.10:5000", "Did you mean: landiag check 192.168.77.10:5000"),
        ("192.168.77.10", "Did you mean: landiag probe 192.168.77.10"),
        ("firewall --replay x", "landiag firewall --help shows what there is"),
        ("probe", "landiag probe needs TARGET"),
        ("check --port", "--port needs a value behind it. landiag check --help"),
        ("check --json=3", "--json takes no value"),
        ("probe 192.168.77.10 5000", "Did you mean: landiag probe 192.168.77.10:5000"),
        ("check ::1 5000 -q", "Did you mean: landiag check '[::1]:5000' -q"),
        ("firewall 5000", "Did you mean: landiag firewall --port 5000"),
        ("list 5000", "landiag list --help shows what there is"),
        ("undo now", "'now' is too much for landiag undo"),
        ("check --timeout x", "--timeout 'x' cannot be: give 0.1 to 86400 seconds, for example --timeout 30"),
        ("watch --duration 0", "--duration '0' cannot be: give 0.5 to 86400 seconds"),
        ("serve --timeout -1", "--timeout '-1' cannot be: give 1 to 86400 seconds"),
        ("check --confirm-within nan", "--confirm-within 'nan' cannot be"),
        ("firewall --profile homely", "--profile homely is not known: choose private or public or domain"),
        (
            "firewall --interface-address eth0",
            "--interface-address eth0 is not an address: write it with its prefix",
        ),
        ("probe", "landiag probe --help shows what there is"),
        pytest.param("chek", "(did you mean check?)", marks=SUGGESTS),
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


@pytest.mark.parametrize("seconds", ["inf", "1e300", "1e10", "86401"])
@pytest.mark.parametrize(
    "line",
    [
        "check --timeout",
        "check --fix --confirm-within",
        "list --timeout",
        "firewall --timeout",
        "record --timeout",
        "report x.json --timeout",
        "fleet matrix x --timeout",
        "probe 192.0.2.1 --timeout",
        "watch --duration",
        "watch --timeout",
        "serve --duration",
        "serve --timeout",
    ],
)
def test_a_time_without_an_end_is_one_sentence(line: str, seconds: str) -> None:
    """Timers and clocks of the system take none: it was a bug, and tracebacks of threads."""
    with pytest.raises(Exception, match=r"86400"):
        run_command([*line.split(), seconds])
