"""The page of commands, from the functions that are the commands."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
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
    return "\n".join([HEAD, *(line for name, place in COMMANDS.items() for line in _chapter(name, place))])


def options_of(name: str) -> set[str]:
    """Every name of an option of a command, ``--help`` too."""
    module, function = COMMANDS[name].split(":")
    found = _parameters(getattr(import_module(module), function))
    return {"--help", *(word for one in found for word in (*one.opts, *one.secondary_opts))}


def _chapter(name: str, place: str) -> Iterator[str]:
    module, function = place.split(":")
    called = getattr(import_module(module), function)
    sentence, _, examples = inspect.cleandoc(called.__doc__ or "").partition("\n\n")
    yield f"## landiag {name}\n\n{' '.join(sentence.split())}\n"
    if examples:
        lines = " ".join(examples.removeprefix("Examples:").split()).split("; ")
        yield "\n".join(["```", *(line.removesuffix(".") for line in lines), "```", ""])
    yield "| option | what it does |\n|---|---|"
    yield from (f"| {_names(one)} | {_cell(one)} |" for one in _parameters(called) if one.name != "help")
    yield ""


def _parameters(called: Any) -> Any:
    app = Typer(add_completion=False)
    app.command()(called)
    return get_command(app).params


def _names(one: Any) -> str:
    if one.param_type_name == "argument":
        return f"`{one.name.upper()}`"
    return ", ".join(f"`{name}`" for name in sorted([*one.opts, *one.secondary_opts], key=len))


def _cell(one: Any) -> str:
    return " ".join((one.help or "").split()).replace("|", "\\|")
