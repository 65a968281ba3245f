"""What others may rely on: names, exit statuses, start-up, the README, and time limits."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from importlib.resources import files
from pathlib import Path

import pytest

from landiag.checks import CHECKS
from landiag.cli.app import COMMANDS
from landiag.model.causes import CODES
from landiag.model.terms import CHECK_NAMES
from landiag.version import __version__

ROOT = Path(__file__).parents[1]
HEAVY = ("scapy", "flask", "jinja2", "werkzeug", "waitress", "tabulate", "psutil", "pydantic", "rich")


def run(*words: str) -> subprocess.CompletedProcess[str]:
    """Type a line of landiag, which may not warn either."""
    argv = (sys.executable, "-W", "error", "-m", "landiag", *words)
    return subprocess.run(argv, capture_output=True, text=True, timeout=60, cwd=ROOT, check=False)


def test_the_checks_are_those_of_the_report_in_its_order() -> None:
    assert tuple(one.name for one in CHECKS) == CHECK_NAMES


def test_codes_are_unique_and_each_has_its_page() -> None:
    assert len(set(CODES)) == len(CODES)
    pages = {page.name.removesuffix(".md") for page in (files("landiag.knowledge") / "causes").iterdir()}
    assert set(CODES) <= pages


@pytest.mark.parametrize(
    "module", ["landiag", "landiag.cli", "landiag.cli.commands.check", "landiag.cli.commands.probe"]
)
def test_start_up_loads_nothing_heavy(module: str) -> None:
    line = f"import sys, {module}; print(*sorted(name for name in sys.modules if '.' not in name))"
    loaded = subprocess.run(
        (sys.executable, "-c", line), capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert not set(HEAVY) & set(loaded.stdout.split()), f"{module} loads more than it needs"


def test_version_and_help() -> None:
    assert run("--version").stdout == f"landiag {__version__}\n"
    shown = run("--help").stdout
    assert [name for name in COMMANDS if f"  {name} " not in shown] == []


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("check", "--port", "0"), "1 to 65535"),
        (("check", "--port", "70000"), "1 to 65535"),
        (("check", "--port", "abc"), "1 to 65535"),
        (("check", "--port", "5000", "--to", "0.0.0.0"), "means 'all addresses'"),
        (("check", "--port", "5000", "--to", "example"), "not an IP address"),
        (("check", "--only", "listening,nonsense"), "nonsense"),
        (("check", "--scheme", "ftp"), "choose auto"),
        (("check", "http://[::1"), "not a URL"),
        (("check", "--replay", "/no/such/file"), "could not be read"),
        (("check", "--output", "/no/such/folder/x.json"), "no folder"),
        (("check", "--output", "report.docx"), ".json"),
        (("check", "--nonsense"), "--nonsense"),
        (("nonsense",), "nonsense"),
        (("firewall", "--from", "nowhere"), "not an IP address"),
        (("firewall", "--ruleset", "/no/such/file"), "could not be read"),
    ],
)
def test_what_cannot_be_asked_gets_one_sentence_and_status_2(words: tuple[str, ...], says: str) -> None:
    done = run(*words)
    assert done.returncode == 2, done.stderr
    assert says in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ('{"schema": "landiag.recording/1", "too', "cut off"),
        ('{"schema": "landiag.recording/9"}', "newer"),
        ('{"schema": "landiag.report/1"}', "not a recording"),
    ],
)
def test_a_file_that_is_no_recording(tmp_path: Path, content: str, says: str) -> None:
    file = tmp_path / "case.json"
    file.write_text(content)
    done = run("check", "--replay", str(file))
    assert (done.returncode, says in done.stderr, str(file) in done.stderr) == (2, True, True)


def test_the_schema_is_a_schema() -> None:
    import jsonschema_rs

    schema = json.loads((ROOT / "landiag" / "report.schema.json").read_text())
    jsonschema_rs.meta.validate(schema)


def test_the_readme_speaks_of_commands_that_exist() -> None:
    text = (ROOT / "README.md").read_text()
    commands = {found[1] for found in re.finditer(r"\blandiag ([a-z]+)\b", text)}
    assert {"check", "list", "probe", "firewall"} <= commands
    options = {
        word for line in re.findall(r"landiag check[^`\n]*", text) for word in re.findall(r"--[a-z-]+", line)
    }
    shown = run("check", "--help").stdout
    assert [option for option in sorted(options) if option not in shown] == []


def test_a_command_that_hangs_does_not_outlast_the_timeout(tmp_path: Path) -> None:
    """The whole command ends half a second after --timeout at the latest, whatever hangs.

    The listeners are then read from /proc, and what nobody could read leaves the verdict open. Other work of the
    machine delays a run as well: one of three has to be in time.
    """
    assert any(_lateness(tmp_path) < 0.5 for _ in range(3))


def _lateness(folder: Path) -> float:
    """Check with commands that hang; the seconds beyond --timeout and what Python takes to start."""
    inside = f"""
        mount -t tmpfs none {folder}
        for name in ss ip nft iptables-nft-save; do
            printf '#!/bin/sh\\nsleep 60\\n' > {folder}/$name; chmod +x {folder}/$name
            mount --bind {folder}/$name "$(PATH=/usr/sbin:/usr/bin:/sbin:/bin command -v $name)"
        done
        {sys.executable} -m http.server 5000 >/dev/null 2>&1 & server=$!
        status=0; begun=$(date +%s%N)
        {sys.executable} -m landiag check --port 5000 --timeout 1.5 --json || status=$?
        echo $(($(date +%s%N) - begun)) >&2; kill $server; exit $status
    """
    argv = ("unshare", "-U", "-r", "-n", "-m", "sh", "-euc", inside)
    done = subprocess.run(argv, capture_output=True, text=True, timeout=30, cwd=ROOT, check=False)
    assert done.returncode == 3, done.stderr
    report = json.loads(done.stdout)
    assert report["verdict"]["status"] == "undetermined"
    hanging = {note["source"] for note in report["readings"] if note["status"] == "timed-out"}
    assert {"ss-listeners", "ip-addresses"} <= hanging
    seconds = int(done.stderr.splitlines()[-1]) / 1e9
    return seconds - 1.5 - _start_up()


def _start_up() -> float:
    """The seconds that entering the namespace and starting Python take on this machine now."""
    started = time.monotonic()
    subprocess.run(
        ("unshare", "-U", "-r", "-n", "-m", sys.executable, "-c", "import landiag.cli.commands.check"),
        check=True,
    )
    return time.monotonic() - started
