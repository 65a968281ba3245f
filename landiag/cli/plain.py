"""The plainest command lines, read without typer, whose newest release takes half of the start-up.

What is not plainly one of the words below is left to typer, which knows all options and says what is wrong. A test
holds both against each other.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from landiag.model.regex import regex

Flags = Mapping[str, tuple[str, bool]]
Values = Mapping[str, tuple[str, Callable[[str], Any]]]

_EVERYWHERE: Flags = {
    "--json": ("as_json", True),
    "--quiet": ("quiet", True),
    "-q": ("quiet", True),
    "--no-color": ("no_color", True),
    "--force": ("force", True),
}

_VERBOSE: Flags = {"--verbose": ("verbose", True), "-v": ("verbose", True)}

_DIAGNOSES: Flags = {
    **_EVERYWHERE,
    **_VERBOSE,
    "--redact": ("redact", True),
}

_PLACES: Values = {
    "--port": ("port", str),
    "-p": ("port", str),
    "--interface": ("interface", str),
    "--scheme": ("scheme", str),
    "--path": ("path", str),
    "--save": ("save", Path),
    "--output": ("output", Path),
}


class Command(NamedTuple):
    """A command: the module that does it, its options' type and its function there, and its plain words.

    ``argument``: the field of the word without a dash; empty where there is none. ``repeated``: fields that hold all
    the values that are given. ``required``: the argument must be there.
    """

    module: str
    options: str
    function: str
    flags: Flags
    values: Values
    argument: str = ""
    repeated: frozenset[str] = frozenset({"output"})
    required: bool = False


COMMANDS: Mapping[str, Command] = {
    "check": Command(
        "landiag.cli.checking",
        "CheckOptions",
        "run_check",
        {
            **_DIAGNOSES,
            "--no-http": ("http", False),
            "--fix": ("fix", True),
            "--yes": ("yes", True),
            "-y": ("yes", True),
            "--wait": ("wait", True),
            "--sudo": ("sudo", True),
            "--prove": ("prove", True),
            "--cleanup": ("cleanup", True),
        },
        {
            **_PLACES,
            "--peer": ("peer", str),
            "--to": ("to", str),
            "--only": ("only", str),
            "--replay": ("replay", Path),
        },
        argument="where",
    ),
    "probe": Command(
        "landiag.cli.probing",
        "ProbeOptions",
        "run_probe",
        {
            **_DIAGNOSES,
            "--ipv4": ("ipv4", True),
            "-4": ("ipv4", True),
            "--ipv6": ("ipv6", True),
            "-6": ("ipv6", True),
            "--no-icmp": ("icmp", False),
            "--yes": ("yes", True),
        },
        _PLACES,
        argument="target",
        repeated=frozenset({"output", "port"}),
        required=True,
    ),
    "list": Command(
        "landiag.cli.listing",
        "ListOptions",
        "run_list",
        {**_EVERYWHERE, **_VERBOSE},
        {"--output": ("output", Path)},
    ),
    "record": Command(
        "landiag.cli.recording",
        "RecordOptions",
        "run_record",
        {"--print-recorder": ("print_recorder", True), "--force": ("force", True)},
        {"--output": ("output", Path)},
        repeated=frozenset(),
    ),
}

_PLAIN = regex(r"[!-~]+", re.ASCII)
"""A word that no encoding and no shell has anything to say about."""


def run_plain(words: Sequence[str]) -> None:
    """Carry out a plain command line; returns where typer shall read it."""
    found = parse_plain(words)
    if found is not None:
        command = COMMANDS[words[0]]
        module = import_module(command.module)
        getattr(module, command.function)(getattr(module, command.options)(**found))


def parse_plain(words: Sequence[str]) -> Mapping[str, Any] | None:
    """Read a command and its plain options: fields and values. None where typer shall read them."""
    command = COMMANDS.get(words[0]) if words else None
    if command is None or not all(map(_PLAIN.fullmatch, words)):
        return None
    found: dict[str, Any] = {}
    rest = iter(words[1:])
    for word in rest:
        read = _read(command, word, rest)
        if read is None or (read[0] == command.argument and read[0] in found):
            return None
        field, value = read
        found[field] = (*found.get(field, ()), value) if field in command.repeated else value
    return None if command.required and command.argument not in found else found


def _read(command: Command, word: str, rest: Iterator[str]) -> tuple[str, Any] | None:
    """One option's field and value; what follows it is taken from ``rest``. None where it is not plain."""
    if not word.startswith("-"):
        return (command.argument, word) if command.argument else None
    if word in command.flags:
        return command.flags[word]
    value = next(rest, "-")
    if word not in command.values or value.startswith("-"):
        return None
    field, convert = command.values[word]
    return field, convert(value)
