"""``landiag list``: its command line. What it does stands in ``cli/listing.py``."""

from __future__ import annotations

from landiag.cli.listing import ListOptions, run_list
from landiag.cli.options import (
    ForceFlag,
    JsonFlag,
    NoColorFlag,
    OutputFiles,
    QuietFlag,
    RedactFlag,
    TimeoutSeconds,
    VerboseFlag,
)


def list_listeners(
    as_json: JsonFlag = False,
    output: OutputFiles = None,
    force: ForceFlag = False,
    redact: RedactFlag = False,
    quiet: QuietFlag = False,
    verbose: VerboseFlag = False,
    timeout: TimeoutSeconds = 10.0,
    no_color: NoColorFlag = False,
) -> None:
    """List every listener of this machine, its program, and whether other devices reach it or what stops them."""
    run_list(
        ListOptions(
            as_json=as_json,
            output=tuple(output or ()),
            force=force,
            redact=redact,
            quiet=quiet,
            verbose=verbose,
            timeout=timeout,
            no_color=no_color,
        )
    )
