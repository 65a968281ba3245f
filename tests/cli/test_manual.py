"""The manual page: groff takes it as it is, and it names every command; help shows examples; the API is light."""

from __future__ import annotations

import importlib
import inspect
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import get_args

import pytest
from typer.models import OptionInfo

import landiag
from landiag.cli.app import COMMANDS
from landiag.cli.files.outputs import RENDERERS
from landiag.cli.options import OutputFiles

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


def test_page_names_every_option() -> None:
    page = PAGE.read_text(encoding="utf-8").replace("\\-", "-")
    options = {
        name
        for place in COMMANDS.values()
        for option in inspect.signature(_function(place), eval_str=True).parameters.values()
        for name in _names(option)
    }
    assert {"--page-port", "--replay", "--ruleset"} <= options
    assert [
        name for name in sorted(options) if not re.search(rf"^\.B[IR]? .*{name}\b", page, re.MULTILINE)
    ] == []


def _function(place: str) -> Callable[..., None]:
    module, name = place.split(":")
    function: Callable[..., None] = getattr(importlib.import_module(module), name)
    return function


def _names(option: inspect.Parameter) -> list[str]:
    """The long names of an option as typer gives them; none for an argument."""
    marks = getattr(option.annotation, "__metadata__", ())  # none: what typer itself hands in
    info = next((one for one in marks if hasattr(one, "param_decls")), None)
    if not isinstance(info, OptionInfo):
        return []
    # In Annotated, typer takes the first name for the default until it makes the command.
    words = [one for one in (info.default, *(info.param_decls or ())) if isinstance(one, str)]
    declared = [part for one in words for part in one.split("/") if part.startswith("--")]
    return declared or [f"--{option.name.replace('_', '-')}"]


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
    assert "<" not in done.stdout  # a type, in place of what the value is


def test_import_of_the_package_loads_next_to_nothing() -> None:
    code = (
        "import sys, landiag; print([name for name in sys.modules if name.startswith('landiag.') or name in "
    )
    code += "('typer', 'msgspec', 'flask', 'psutil', 'scapy', 'json', 'socket')])"
    done = subprocess.run((sys.executable, "-c", code), capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['landiag.loading', 'landiag.version']"


def test_api_answers_with_a_report() -> None:
    assert str(inspect.signature(landiag.check)) == (
        "(port: 'int' = 5000, *, peer: 'str | None' = None, address: 'str | None' = None, timeout: 'float' = 10.0)"
        " -> 'Report'"
    )
    assert Path(str(landiag.__file__)).with_name("py.typed").exists()


def test_the_list_of_commands_has_whole_sentences(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    done = subprocess.run(
        (sys.executable, "-m", "landiag", "--help"), capture_output=True, text=True, check=True
    )
    shown = done.stdout.partition("Commands:")[2].split("\n")
    lines = [line for line in shown if line.strip()]
    assert [line.split()[0] for line in lines] == list(COMMANDS)
    assert [line for line in lines if not line.endswith(".") or line.endswith("...")] == []


@pytest.mark.parametrize("suffix", RENDERERS)
def test_every_format_of_a_report_is_named_where_people_look(suffix: str) -> None:
    option = next(one for one in get_args(OutputFiles) if isinstance(one, OptionInfo))
    assert suffix in (option.help or "")
    assert suffix in PAGE.read_text(encoding="utf-8")
