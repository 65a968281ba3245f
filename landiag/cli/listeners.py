"""``landiag list``: every listener, and whether LAN clients reach it."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import typer
from msgspec.structs import asdict

from landiag.cli.early import begin_reading
from landiag.cli.outputs import JsonFlag, NoColorFlag, Stop, TimeoutSeconds
from landiag.cli.timeouts import bounded
from landiag.host import LiveHost, Recorder
from landiag.model.facts import Unknown
from landiag.question import UsageError
from landiag.render.escape import escape_text
from landiag.render.terminal import Style
from landiag.terminal import terminal_style

if TYPE_CHECKING:
    from landiag.listeners import Listener

SCHEMA = "landiag.list/1"


def list_listeners(
    as_json: JsonFlag = False, timeout: TimeoutSeconds = 10.0, no_color: NoColorFlag = False
) -> None:
    """List every listener of this machine, its program, and whether LAN clients reach it or what stops them."""
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
    if as_json:
        document = {"schema": SCHEMA, "listeners": [asdict(listener) for listener in found]}
        sys.stdout.write(json.dumps(document, indent=2) + "\n")
    else:
        sys.stdout.write(render_listeners(found, terminal_style(no_color=no_color)))
    raise typer.Exit(0)


def render_listeners(found: tuple[Listener, ...], style: Style) -> str:
    """Render the listeners as a table; names are cut so that it fits the terminal."""
    if not found:
        return "Nothing listens on this machine.\n"
    from tabulate import tabulate

    room = max(16, style.width - 58)
    rows = [
        (item.port, escape_text(item.program)[:room], escape_text(item.address), item.reached, _why(item))
        for item in found
    ]
    table = tabulate(
        rows, headers=("port", "program", "listens on", "LAN", "open / why not"), disable_numparse=True
    )
    return f"{table}\n\nWhy not, in words: landiag explain CODE, or landiag check --port PORT\n"


def _why(item: Listener) -> str:
    return escape_text(item.cause or item.url or "")
