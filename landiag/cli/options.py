"""Options that several commands have and that mean the same everywhere, with what a shell completes behind them."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated, Any

import typer

from landiag.cli import completing
from landiag.cli.files.outputs import Stop
from landiag.question import A_DAY

JsonFlag = Annotated[bool, typer.Option("--json", help="Print the report as JSON, and nothing else.")]
OutputFiles = Annotated[
    list[Path] | None,
    typer.Option(
        "--output", help="Also write the report to this file (.json, .txt, .md, .html); repeatable."
    ),
]
ForceFlag = Annotated[bool, typer.Option("--force", help="Overwrite files that exist.")]
RedactFlag = Annotated[
    bool, typer.Option("--redact", help="Replace names and addresses: safe to post in public.")
]
QuietFlag = Annotated[bool, typer.Option("--quiet", "-q", help="Print the verdict's sentence only.")]
VerboseFlag = Annotated[bool, typer.Option("--verbose", "-v", help="Print the trace and the readings too.")]
NoColorFlag = Annotated[bool, typer.Option("--no-color", help="No colour (also: the variable NO_COLOR).")]


def seconds_option(name: str, text: str, least: float = 0.1) -> Any:
    """The option ``name`` for seconds, at least ``least`` and a day at most; ``text`` is its help."""

    def parse_seconds(typed: str | float) -> float:
        try:
            seconds = float(typed)
        except ValueError:
            seconds = math.nan
        if not least <= seconds <= A_DAY:
            more = f"give {least:g} to {A_DAY:g} seconds, for example {name} 30"
            raise Stop(f"{name} {str(typed)[:80]!r} cannot be: {more}")
        return seconds

    return typer.Option(name, parser=parse_seconds, metavar="SECONDS", help=text)


TimeoutSeconds = Annotated[float, seconds_option("--timeout", "Seconds for the whole command.")]
OptionalTimeout = Annotated[
    float | None, seconds_option("--timeout", "Seconds for the whole command. [default: 60 a file]")
]


def port_option(text: str) -> Any:
    """The option for ports; ``text`` is its help."""
    return typer.Option("--port", "-p", autocompletion=completing.ports, help=text)


def interface_option(text: str, name: str = "--interface") -> Any:
    """The option for a network interface; ``text`` is its help."""
    return typer.Option(name, autocompletion=completing.interfaces, help=text)


def scheme_option() -> Any:
    """The option for what a server speaks."""
    text = "What the server should speak: auto, http, https or tcp."
    return typer.Option("--scheme", autocompletion=completing.schemes, help=text)


def is_typed(context: typer.Context, name: str) -> bool:
    """Whether an option's value comes from the command line, not from its default."""
    # By name: typer has brought a click of its own since 0.26, with another enum of the same members.
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"
