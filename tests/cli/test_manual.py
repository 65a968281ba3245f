"""The manual page: groff takes it as it is, and it names every command; help shows examples; the API is light."""

from __future__ import annotations

import inspect
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import landiag
from landiag.cli.app import COMMANDS

PAGE = Path(__file__).parents[2] / "man" / "landiag.1"


def test_groff_finds_nothing_wrong_with_the_page() -> None:
    if shutil.which("groff") is None:
        pytest.skip("groff is not installed")
    done = subprocess.run(
        ("groff", "-man", "-ww", "-Tutf8", PAGE), capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("name", COMMANDS)
def test_page_names_every_command(name: str) -> None:
    assert f".B landiag {name}\n" in PAGE.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["check", "probe", "report", "explain"])
def test_help_shows_examples(name: str) -> None:
    done = subprocess.run(
        (sys.executable, "-W", "ignore", "-m", "landiag", name, "--help"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0
    assert f"landiag {name}" in done.stdout.partition("Examples:")[2]


def test_import_of_the_package_loads_nothing_else() -> None:
    code = (
        "import sys, landiag; print([name for name in sys.modules if name.startswith('landiag.') or name in "
    )
    code += "('typer', 'msgspec', 'flask', 'psutil', 'scapy', 'json', 'socket')])"
    done = subprocess.run((sys.executable, "-c", code), capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_api_answers_with_a_report() -> None:
    assert str(inspect.signature(landiag.check)) == (
        "(port: 'int' = 5000, *, peer: 'str | None' = None, address: 'str | None' = None, timeout: 'float' = 10.0)"
        " -> 'Report'"
    )
    assert Path(str(landiag.__file__)).with_name("py.typed").exists()
