"""``landiag fleet``: many recorded hosts at once, what reaches what, and a policy held against it."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from landiag.cli.files.outputs import Stop, check_outputs
from landiag.cli.options import ForceFlag, OptionalTimeout, RedactFlag
from landiag.cli.timeouts import within


class FleetCommand(str, Enum):
    """What ``fleet`` does."""

    REPORT = "report"
    MATRIX = "matrix"
    EXPOSED = "exposed"
    DRIFT = "drift"
    TEST = "test"
    INIT = "init"
    DIFF = "diff"
    PROBES = "probes"


def fleet(
    command: Annotated[
        str, typer.Argument(help=f"What to do: {', '.join(one.value for one in FleetCommand)}.")
    ],
    folders: Annotated[
        list[Path],
        typer.Argument(help="The folder of recordings, NAME.json or NAME.json.gz; diff takes two."),
    ],
    port: Annotated[
        list[str] | None,
        typer.Option("--port", "-p", help="Only this port (repeatable). [default: all listeners]"),
    ] = None,
    from_: Annotated[
        str | None, typer.Option("--from", help="exposed: clients of this network or recorded host.")
    ] = None,
    policy: Annotated[
        Path | None, typer.Option(help="test, probes: the policy. [default: policy.toml in the folder]")
    ] = None,
    probes: Annotated[
        Path | None,
        typer.Option(
            help="Probes with their outcomes, one JSON object a line; a file, or a folder of .jsonl."
        ),
    ] = None,
    max_age: Annotated[
        str | None, typer.Option("--max-age", help="Take older recordings for unknown: 24h, 7d.")
    ] = None,
    format_: Annotated[
        str | None, typer.Option("--format", help="text, json, csv, html, junit or prometheus.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
    output: Annotated[
        Path | None, typer.Option("--output", help="Write it into this file; suffix is format.")
    ] = None,
    redact: RedactFlag = False,
    force: ForceFlag = False,
    timeout: OptionalTimeout = None,
) -> None:
    """Say what reaches what among many recorded hosts, and hold a policy against it.

    Examples: landiag fleet report recordings; landiag fleet matrix recordings --port 5432 --output matrix.html;
    landiag fleet test recordings --policy policy.toml --format junit --max-age 24h
    """
    if as_json and format_ not in (None, "json"):
        raise Stop(f"--json and --format {format_} ask for two formats: choose one")
    if output is not None:
        check_outputs((output,), force=force)
    try:
        wanted = FleetCommand(command)
    except ValueError as error:
        known = ", ".join(one.value for one in FleetCommand)
        raise Stop(f"fleet {command} is not known: choose {known}") from error
    if len(folders) != (2 if wanted is FleetCommand.DIFF else 1):
        raise Stop("fleet diff takes two folders, OLD and NEW; the others take one")
    from landiag.cli.fleet_answer import Asked, answer

    with within(timeout) as deadline:
        asked = Asked(
            folders=tuple(folders), ports=tuple(port or ()), clients=from_, policy=policy, probes=probes,
            max_age=max_age, format="json" if as_json else format_, output=output, force=force, redact=redact,
            deadline=deadline,
        )  # fmt: skip
        answer(wanted.value, asked)
