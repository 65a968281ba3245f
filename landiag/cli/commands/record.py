"""``landiag record``: its command line. What it does stands in ``cli/recording.py``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from landiag.cli.options import ForceFlag, RedactFlag, TimeoutSeconds
from landiag.cli.recording import RecordOptions, run_record


def record(
    output: Annotated[
        Path | None,
        typer.Option("--output", help="Write it here (.json or .json.gz), for you alone to read."),
    ] = None,
    print_recorder: Annotated[
        bool,
        typer.Option(
            "--print-recorder",
            help="Print a program that records the same on hosts without landiag (Python 3.6+).",
        ),
    ] = False,
    redact: RedactFlag = False,
    force: ForceFlag = False,
    timeout: TimeoutSeconds = 30.0,
) -> None:
    """Record this whole host: every listener, rule, route and address. No port is asked, nothing is sent.

    Examples: sudo landiag record --output web-1.json.gz; landiag check --replay web-1.json.gz --port 5000;
    landiag record --print-recorder > recorder.py
    """
    run_record(
        RecordOptions(
            output=output, print_recorder=print_recorder, force=force, redact=redact, timeout=timeout
        )
    )
