"""``landiag list``: every listener, and whether other devices reach it."""

from __future__ import annotations

import sys

from landiag.cli.early import begin_reading
from landiag.cli.options import ForceFlag, JsonFlag, NoColorFlag, OutputFiles, QuietFlag, TimeoutSeconds
from landiag.cli.outputs import Stop, check_outputs, choose_renderer, write_file
from landiag.cli.timeouts import bounded
from landiag.host import LiveHost, Recorder
from landiag.model.facts import Unknown
from landiag.question import UsageError
from landiag.render.listeners import LIST_RENDERERS, count_reached, render_list_json, render_listeners
from landiag.terminal import terminal_style


def list_listeners(
    as_json: JsonFlag = False,
    output: OutputFiles = None,
    force: ForceFlag = False,
    quiet: QuietFlag = False,
    timeout: TimeoutSeconds = 10.0,
    no_color: NoColorFlag = False,
) -> None:
    """List every listener of this machine, its program, and whether other devices reach it or what stops them."""
    files = tuple(output or ())
    check_outputs(files, force=force)
    for file in files:
        choose_renderer(file, LIST_RENDERERS)
    with bounded(timeout) as deadline:
        host = LiveHost(deadline)
        recorder = Recorder(host)
        try:
            begin_reading(recorder)
            from landiag.listeners import list_listeners as find_listeners

            found = find_listeners(recorder, deadline)
        except UsageError as error:
            raise Stop(str(error)) from error
        finally:
            host.close()
    if isinstance(found, Unknown):
        raise Stop(f"the listeners could not be read: {found.reason}", 3)
    for file in files:
        write_file(file, choose_renderer(file, LIST_RENDERERS)(found), force=force)
    if as_json:
        sys.stdout.write(render_list_json(found))
    elif quiet:
        sys.stdout.write(f"{count_reached(found)}\n")
    else:
        sys.stdout.write(render_listeners(found, terminal_style(no_color=no_color)))
    raise SystemExit(0)
