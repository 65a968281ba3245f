"""``landiag record``: everything that can be read of this host, in one file, for ``fleet`` and ``check --replay``."""

from __future__ import annotations

import gzip
import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from landiag.cli.early import begin_reading
from landiag.cli.files.outputs import Stop, check_outputs, write_bytes
from landiag.cli.files.redacting import redact_recording
from landiag.cli.options import ForceFlag, RedactFlag, TimeoutSeconds
from landiag.host import LiveHost, Recorder, render_recording
from landiag.question import UsageError

_SUFFIXES = (".json", ".json.gz")


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
    if print_recorder and redact:
        raise Stop(
            "a printed recorder masks secrets alone: redact what it records by landiag report --redact"
        )
    if output is not None:
        if not output.name.endswith(_SUFFIXES):
            raise Stop(f"{output} cannot be written: its name must end in {' or '.join(_SUFFIXES)}")
        check_outputs((output,), force=force)
    text = _print_recorder() if print_recorder else _record(time.monotonic() + timeout, redact=redact)
    if output is None:
        sys.stdout.write(text)
        raise SystemExit(0)
    data = text.encode("utf-8", "backslashreplace")
    write_bytes(output, gzip.compress(data, 6) if output.name.endswith(".gz") else data, force=force)
    raise SystemExit(0)


def _record(deadline: float, *, redact: bool) -> str:
    host = LiveHost(deadline)
    recorder = Recorder(host)
    try:
        begin_reading(recorder)
        from landiag.record import record_host

        recording = record_host(recorder, deadline)
        return render_recording(redact_recording(recording) if redact else recording)
    except UsageError as error:
        raise Stop(str(error)) from error
    finally:
        host.close()


def _print_recorder() -> str:
    from landiag.record.recorder import write_recorder

    return f"#!/usr/bin/env python3\n{write_recorder()}"  # for tools that copy a script to a host and run it
