"""``landiag record``: everything that can be read of this host, in one file, for ``fleet`` and ``check --replay``."""

from __future__ import annotations

import gzip
import sys
import time
from pathlib import Path
from typing import NoReturn

from msgspec import Struct

from landiag.cli.early import begin_reading
from landiag.cli.files.outputs import Stop, check_outputs, write_bytes
from landiag.host import live_recorder, render_recording
from landiag.question import UsageError

_SUFFIXES = (".json", ".json.gz")


class RecordOptions(Struct, frozen=True, kw_only=True):
    """The command line of ``record``; what each means stands in ``cli/commands/record.py``."""

    output: Path | None = None
    print_recorder: bool = False
    force: bool = False
    redact: bool = False
    timeout: float = 30.0


def run_record(options: RecordOptions) -> NoReturn:
    """Record this host, or print the recorder; ends with status 0. Raises Stop where that cannot be written."""
    output, force = options.output, options.force
    if options.print_recorder and options.redact:
        raise Stop(
            "a printed recorder masks secrets alone: redact what it records by landiag report --redact"
        )
    if output is not None:
        if not output.name.endswith(_SUFFIXES):
            raise Stop(f"{output} cannot be written: its name must end in {' or '.join(_SUFFIXES)}")
        check_outputs((output,), force=force)
    text = _print_recorder() if options.print_recorder else _record(options)
    if output is None:
        sys.stdout.write(text)
        raise SystemExit(0)
    data = text.encode("utf-8", "backslashreplace")
    write_bytes(output, gzip.compress(data, 6) if output.name.endswith(".gz") else data, force=force)
    raise SystemExit(0)


def _record(options: RecordOptions) -> str:
    deadline = time.monotonic() + options.timeout
    try:
        with live_recorder(deadline) as recorder:
            begin_reading(recorder)
            from landiag.record import record_host

            recording = record_host(recorder, deadline)
    except UsageError as error:
        raise Stop(str(error)) from error
    if options.redact:
        from landiag.cli.files.redacting import redact_alone

        recording = redact_alone(recording)
    return render_recording(recording)


def _print_recorder() -> str:
    from landiag.record.recorder import write_recorder

    return f"#!/usr/bin/env python3\n{write_recorder()}"  # for tools that copy a script to a host and run it
