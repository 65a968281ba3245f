"""The plainest command lines mean the same without typer as with it."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from landiag.cli import app
from landiag.cli import check as command
from landiag.cli.checking import CheckOptions
from landiag.cli.plain import parse_plain

FLAGS = (
    *(
        "--json",
        "-q",
        "--quiet",
        "-v",
        "--verbose",
        "--no-color",
        "--redact",
        "--no-http",
        "--fix",
        "--yes",
        "-y",
    ),
    *("--wait", "--sudo", "--prove", "--cleanup", "--force"),
)
VALUED = (
    "--port",
    "-p",
    "--peer",
    "--to",
    "--interface",
    "--scheme",
    "--path",
    "--only",
    "--replay",
    "--save",
)
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

options = st.one_of(
    st.sampled_from(FLAGS).map(lambda flag: [flag]),
    st.tuples(st.sampled_from(VALUED), st.sampled_from(VALUES)).map(list),
    st.sampled_from(VALUES).map(lambda value: [value]),
    st.sampled_from((*FLAGS, *VALUED)).map(lambda name: [name]),
)
lines = st.lists(options, max_size=5).map(lambda parts: ["check", *(word for part in parts for word in part)])


class Called(Exception):  # noqa: N818 - what the command line asked for, not an error
    """The command was reached, with these options."""

    def __init__(self, options: CheckOptions) -> None:
        super().__init__()
        self.options = options


def by_typer(words: list[str], monkeypatch: pytest.MonkeyPatch) -> Any:
    """What typer reads: the options, or the usage error that it says."""

    def stop(options: CheckOptions) -> None:
        raise Called(options)

    with monkeypatch.context() as patch:
        patch.setattr(command, "run_check", stop)
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


@settings(max_examples=50, deadline=None)
@given(lines)
@example(["check", "5000", "--json"])
@example(["check", "5000", "5001"])
@example(["check", "--port", "5000", "--port", "5001"])
def test_what_is_plain_means_what_typer_reads(patch: pytest.MonkeyPatch, words: list[str]) -> None:
    plain = parse_plain(words)
    if plain is not None:
        assert by_typer(words, patch) == plain


@pytest.mark.parametrize(
    "words",
    [
        ["check"],
        ["check", "5000"],
        ["check", "--port", "5000", "--peer", "192.168.77.20", "--json"],
        ["check", "--replay", "a.case", "-v", "--no-color"],
        ["check", "--port", "5000", "--fix", "--yes"],
    ],
)
def test_the_commonest_lines_are_plain(words: list[str]) -> None:
    assert parse_plain(words) is not None


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["list"],
        ["check", "--help"],
        ["check", "--port"],
        ["check", "--prot", "1"],
        ["check", "--confirm-within", "9"],
    ],
)
def test_what_is_not_plain_is_left_to_typer(words: list[str]) -> None:
    assert parse_plain(words) is None


def test_typer_is_not_loaded_for_a_plain_line() -> None:
    code = (
        "import sys, os; sys.argv[1:] = ['check', '--port', '0']; os._exit = sys.exit\n"
        "from landiag.cli import run\n"
        "try:\n    run()\nexcept SystemExit as ended:\n    print(ended.code, 'typer' in sys.modules)"
    )
    done = subprocess.run((sys.executable, "-c", code), capture_output=True, text=True, check=True)
    assert done.stdout == "2 False\n"
