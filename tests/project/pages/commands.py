"""The page of commands, from the functions that are the commands."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from typing import Any

from typer import Typer
from typer.main import get_command

from landiag.cli.app import COMMANDS

HEAD = """# Commands

Every command with its options, as `landiag COMMAND --help` has them. Exit status: 0 nothing found that stops others, 1
blocked, 2 wrong usage, 3 undetermined, 4 a bug of landiag.
"""


def commands_page() -> str:
    """Write the page."""
    return "\n".join([HEAD, *(line for name in COMMANDS for line in _chapter(name))])


def options_of(name: str) -> set[str]:
    """Every name of an option of a command, ``--help`` too."""
    found = parser_of(name).params
    return {"--help", *(word for one in found for word in (*one.opts, *one.secondary_opts))}


@cache
def parser_of(name: str) -> Any:
    """What reads the words that are typed after a command's name."""
    app = Typer(add_completion=False)
    app.command()(_function(name))
    return get_command(app)


def _chapter(name: str) -> Iterator[str]:
    sentence, _, examples = inspect.cleandoc(_function(name).__doc__ or "").partition("\n\n")
    yield f"## landiag {name}\n\n{' '.join(sentence.split())}\n"
    if examples:
        lines = " ".join(examples.removeprefix("Examples:").split()).split("; ")
        yield "\n".join(["```", *(line.removesuffix(".") for line in lines), "```", ""])
    yield "| option | what it does |\n|---|---|"
    yield from (f"| {_names(one)} | {_cell(one)} |" for one in parser_of(name).params if one.name != "help")
    yield ""


def _function(name: str) -> Any:
    module, function = COMMANDS[name].split(":")
    return getattr(import_module(module), function)


def _names(one: Any) -> str:
    if one.param_type_name == "argument":
        return f"`{one.name.upper()}`"
    return ", ".join(f"`{name}`" for name in sorted([*one.opts, *one.secondary_opts], key=len))


def _cell(one: Any) -> str:
    return " ".join((one.help or "").split()).replace("|", "\\|")
