"""``landiag check``: its command line. What it does stands in ``cli/checking.py``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from landiag.cli import completing
from landiag.cli.checking import CheckOptions, run_check
from landiag.cli.options import (
    ForceFlag,
    JsonFlag,
    NoColorFlag,
    OutputFiles,
    QuietFlag,
    RedactFlag,
    TimeoutSeconds,
    VerboseFlag,
    interface_option,
    is_typed,
    port_option,
    scheme_option,
    seconds_option,
)
from landiag.model.terms import CHECK_NAMES


def check(
    context: typer.Context,
    where: Annotated[str | None, typer.Argument(help="The port, or the URL that clients open.")] = None,
    port: Annotated[str | None, port_option("The server's port. [default: 5000]")] = None,
    peer: Annotated[str | None, typer.Option(help="The client that fails: its address or name.")] = None,
    to: Annotated[str | None, typer.Option(help="The address of this machine that clients use.")] = None,
    interface: Annotated[str | None, interface_option("Only this network interface.")] = None,
    scheme: Annotated[str, scheme_option()] = "auto",
    path: Annotated[str, typer.Option(help="The path to ask for.")] = "/",
    host_header: Annotated[str | None, typer.Option(help="The Host header that clients send.")] = None,
    http: Annotated[bool, typer.Option("--http/--no-http", help="Whether to ask the server itself.")] = True,
    only: Annotated[
        str | None,
        typer.Option(
            autocompletion=completing.checks,
            help=f"Only these checks: {','.join(CHECK_NAMES)}.",
        ),
    ] = None,
    program: Annotated[str | None, typer.Option(help="The program whose port it should be.")] = None,
    sudo: Annotated[
        bool, typer.Option("--sudo", help="Read what needs root by sudo, after listing it.")
    ] = False,
    prove: Annotated[
        bool,
        typer.Option("--prove", help="Ask the kernel itself, by a SYN put onto the interface (root, Linux)."),
    ] = False,
    cleanup: Annotated[
        bool, typer.Option("--cleanup", help="With --prove: remove what a killed one left behind.")
    ] = False,
    save: Annotated[Path | None, typer.Option(help="Save a recording of everything that was read.")] = None,
    replay: Annotated[Path | None, typer.Option(help="Diagnose a recording or a case instead.")] = None,
    fix: Annotated[
        bool, typer.Option("--fix", help="Carry the advice out, one fix at a time, each after asking.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="With --fix: do not ask.")] = False,
    confirm_within: Annotated[
        float | None,
        seconds_option(
            "--confirm-within",
            "With --fix: take a change back that nobody confirms in so many seconds. [default: 60 over SSH]",
            least=0,
        ),
    ] = None,
    wait: Annotated[
        bool, typer.Option("--wait", help="Check again until clear; say each change once.")
    ] = False,
    as_json: JsonFlag = False,
    output: OutputFiles = None,
    redact: RedactFlag = False,
    force: ForceFlag = False,
    timeout: TimeoutSeconds = 10.0,
    quiet: QuietFlag = False,
    verbose: VerboseFlag = False,
    no_color: NoColorFlag = False,
) -> None:
    """Say why other devices cannot connect to a port of this machine.

    Examples: landiag check --port 5000; landiag check 8000 --peer 192.168.1.23; landiag check --replay case.json;
    sudo landiag check --port 5000 --fix; landiag check --port 5000 --wait
    """
    run_check(
        CheckOptions(
            where=where,
            port=port,
            peer=peer,
            to=to,
            interface=interface,
            scheme=scheme,
            path=path,
            host_header=host_header,
            http=http,
            only=only,
            program=program,
            sudo=sudo,
            prove=prove,
            cleanup=cleanup,
            save=save,
            replay=replay,
            fix=fix,
            yes=yes,
            confirm_within=confirm_within,
            wait=wait,
            as_json=as_json,
            output=tuple(output or ()),
            redact=redact,
            force=force,
            timeout=timeout,
            bounds_all=is_typed(context, "timeout"),
            quiet=quiet,
            verbose=verbose,
            no_color=no_color,
        )
    )
