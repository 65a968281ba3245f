"""What ``landiag list`` does, its command line being read."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from msgspec import Struct

from landiag.cli.early import begin_reading
from landiag.cli.files.outputs import Stop, check_outputs, choose_renderer, write_copy
from landiag.cli.timeouts import bounded
from landiag.host import live_recorder
from landiag.host.calls import own_name
from landiag.model.facts import Unknown
from landiag.model.listener import Listener
from landiag.model.report import ReadingNote, notes_of
from landiag.question import UsageError
from landiag.render.listeners import LIST_RENDERERS, count_reached, render_list_json, render_listeners
from landiag.terminal import terminal_style


class ListOptions(Struct, frozen=True, kw_only=True):
    """The command line of ``list``; what each means stands in ``cli/commands/listeners.py``."""

    as_json: bool = False
    output: tuple[Path, ...] = ()
    force: bool = False
    redact: bool = False
    quiet: bool = False
    verbose: bool = False
    timeout: float = 10.0
    no_color: bool = False


def run_list(options: ListOptions) -> NoReturn:
    """Read and print every listener; ends with status 0, or 3 where they cannot be read."""
    files = options.output
    check_outputs(files, force=options.force)
    for file in files:
        choose_renderer(file, LIST_RENDERERS)
    try:
        with bounded(options.timeout) as deadline, live_recorder(deadline) as recorder:
            begin_reading(recorder)
            from landiag.listeners import list_listeners as find_listeners

            found = find_listeners(recorder, deadline)
    except UsageError as error:
        raise Stop(str(error)) from error
    if isinstance(found, Unknown):
        raise Stop(f"the listeners could not be read: {found.reason}", 3)
    notes = notes_of(recorder.readings) if options.verbose else ()
    if options.redact:
        from landiag.cli.files.redacting import masking

        found, notes = masking(recorder)((found, notes))
    for file in files:
        write_copy(
            file, choose_renderer(file, LIST_RENDERERS)(found, redacted=options.redact), force=options.force
        )
    if options.as_json:
        sys.stdout.write(render_list_json(found, redacted=options.redact))
    elif options.quiet:
        sys.stdout.write(f"{count_reached(found)}\n")
    else:
        sys.stdout.write(_table(found, options))
        if options.verbose:
            sys.stdout.write(_readings(notes, options))
    raise SystemExit(0)


def _table(found: Sequence[Listener], options: ListOptions) -> str:
    style = terminal_style(no_color=options.no_color)
    if options.redact:  # landiag's own path may name the user, too
        return render_listeners(found, style, redacted=True)
    return render_listeners(found, style, own_name())


def _readings(notes: Sequence[ReadingNote], options: ListOptions) -> str:
    from landiag.render.terminal import reading_lines

    lines = reading_lines(notes, terminal_style(no_color=options.no_color))
    return "\n" + "".join(f"{line}\n" for line in lines)
