"""The plainest command lines mean the same without typer as with it."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from landiag.cli import app
from landiag.cli.plain import COMMANDS, parse_plain

VALUES = (
    "5000",
    "70000",
    "http://192.168.77.10:5000/",
    "a.case",
    "-1",
    "--",
    "",
    "é",
    "a b",
    "-qv",
    "--port=1",
)


def lines(name: str) -> st.SearchStrategy[list[str]]:
    """Command lines of one command: flags, options with and without a value, values alone."""
    command = COMMANDS[name]
    parts = st.one_of(
        st.sampled_from([*command.flags]).map(lambda flag: [flag]),
        st.tuples(st.sampled_from([*command.values]), st.sampled_from(VALUES)).map(list),
        st.sampled_from(VALUES).map(lambda value: [value]),
        st.sampled_from([*command.flags, *command.values]).map(lambda word: [word]),
    )
    return st.lists(parts, max_size=5).map(lambda found: [name, *(word for part in found for word in part)])


class Called(Exception):  # noqa: N818 - what the command line asked for, not an error
    """The command was reached, with these options."""

    def __init__(self, options: Any) -> None:
        super().__init__()
        self.options = options


def by_typer(words: list[str], monkeypatch: pytest.MonkeyPatch) -> Any:
    """What typer reads: the options, or the usage error that it says."""

    def stop(options: Any) -> None:
        raise Called(options)

    place = app.COMMANDS[words[0]].split(":")[0]
    with monkeypatch.context() as patch:
        patch.setattr(import_module(place), COMMANDS[words[0]].function, stop)
        try:
            app.run_command(words)
        except Called as called:
            return called.options
        except Exception as error:  # noqa: BLE001 - typer's errors have no common type over its releases
            return error


@pytest.fixture(scope="module")
def patch() -> Any:
    with pytest.MonkeyPatch.context() as patch:
        yield patch


@settings(max_examples=60)
@given(st.sampled_from([*COMMANDS]).flatmap(lines))
@example(["check", "5000", "--json"])
@example(["check", "5000", "5001"])
@example(["check", "--port", "5000", "--port", "5001"])
@example(["probe", "192.168.77.10", "-p", "5000", "--port", "8000", "--output", "a.md", "--no-icmp"])
@example(["probe", "192.168.77.10", "-4", "-6", "--yes"])
@example(["list", "--json", "--output", "a.json", "--output", "b.txt", "--force"])
@example(["list", "5000"])
def test_what_is_plain_means_what_typer_reads(patch: pytest.MonkeyPatch, words: list[str]) -> None:
    plain = parse_plain(words)
    if plain is not None:
        command = COMMANDS[words[0]]
        options = getattr(import_module(command.module), command.options)
        assert by_typer(words, patch) == options(**plain)


@pytest.mark.parametrize(
    "words",
    [
        ["check"],
        ["check", "5000"],
        ["check", "--port", "5000", "--peer", "192.168.77.20", "--json"],
        ["check", "--replay", "a.case", "-v", "--no-color"],
        ["check", "--port", "5000", "--fix", "--yes"],
        ["check", "--port", "5000", "--output", "a.md"],
        ["probe", "192.168.77.10", "--port", "5000", "--json"],
        ["list"],
        ["list", "--json"],
        ["list", "--verbose"],
    ],
)
def test_the_commonest_lines_are_plain(words: list[str]) -> None:
    assert parse_plain(words) is not None


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["firewall"],
        ["check", "--help"],
        ["check", "--port"],
        ["check", "--prot", "1"],
        ["check", "--confirm-within", "9"],
        ["probe"],
        ["list", "5000"],
    ],
)
def test_what_is_not_plain_is_left_to_typer(words: list[str]) -> None:
    assert parse_plain(words) is None


@pytest.mark.parametrize(
    ("words", "ends"), [(["check", "--port", "0"], 2), (["probe", ".."], 2), (["list", "--output", "/"], 2)]
)
def test_typer_is_not_loaded_for_a_plain_line(words: list[str], ends: int) -> None:
    code = (
        f"import sys, os; sys.argv[1:] = {words}; os._exit = sys.exit\n"
        "from landiag.cli import run\n"
        "try:\n    run()\nexcept SystemExit as ended:\n    print(ended.code, 'typer' in sys.modules)"
    )
    done = subprocess.run((sys.executable, "-c", code), capture_output=True, text=True, check=True)
    assert done.stdout == f"{ends} False\n"
