"""The commands by name, and the end of the program: every error is one sentence and a status."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Sequence
from importlib import import_module
from typing import Annotated, NoReturn

import typer

from landiag.cli.outputs import Stop
from landiag.render.escape import escape_text
from landiag.version import __version__

app = typer.Typer(
    name="landiag",
    help="Says why the other devices on this network cannot connect to your server.",
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

COMMANDS = {
    "check": "landiag.cli.check:check",
    "probe": "landiag.cli.probe:probe",
    "firewall": "landiag.cli.firewall:firewall",
    "list": "landiag.cli.listeners:list_listeners",
    "watch": "landiag.cli.watch:watch",
    "serve": "landiag.cli.serve:serve",
    "record": "landiag.cli.record:record",
    "fleet": "landiag.cli.fleet:fleet",
    "report": "landiag.cli.report:report",
    "explain": "landiag.cli.explain:explain_code",
    "undo": "landiag.cli.undo:undo",
}
"""Every command and the function that is it, in the order in which help lists them."""


_STACK = 1 << 20
"""Bytes for the stack of a thread: dozens of readings at once must not need the memory of a large program."""


def _register(words: Sequence[str]) -> None:
    """Import the command that is called; all of them only for help and completion."""
    if not words and not _is_completing():
        return
    called = next((word for word in words if not word.startswith("-")), None)
    for name, place in COMMANDS.items():
        if called in (name, None) or called not in COMMANDS:
            module, function = place.split(":")
            app.command(name)(getattr(import_module(module), function))


def run() -> NoReturn:
    """Run the command line and exit: 2 for usage, 4 for a bug of landiag, 130 when interrupted."""
    try:
        threading.stack_size(_STACK)
        _register(sys.argv[1:])
        _listen_for_signals()
        status = app(standalone_mode=False)
    except Stop as stop:
        status = _complain(str(stop), stop.status)
    except (KeyboardInterrupt, typer.Abort):
        status = _complain("interrupted", 130)
    except MemoryError:
        status = _complain("there is not enough memory for this", 3)
    except Exception as error:  # noqa: BLE001 - the last line of defence: no traceback reaches a user
        status = _explain_exception(error)
    if signal.getsignal(signal.SIGINT) is not None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the end has begun: it is not interrupted any more
    # Readings that hang are left behind in daemon threads: nothing waits for them.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status if isinstance(status, int) else 0)


def _is_completing() -> bool:
    """Whether a shell asks for completions: it calls landiag without a word, by a variable (click)."""
    return any(name.startswith("_LANDIAG") and name.endswith("_COMPLETE") for name in os.environ)


def _listen_for_signals() -> None:
    """End by signals as by errors, so that whatever was added is removed; one that was ignored stays so."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@app.callback(invoke_without_command=True)
def main(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False,
) -> None:
    """Say why the other devices on this network cannot connect to your server."""
    if version:
        sys.stdout.write(f"landiag {__version__}\n")
        raise typer.Exit
    if context.invoked_subcommand is None:
        from landiag.cli.bare import check_own_server

        check_own_server(context, _help)


def _help() -> str:
    """One screen of help, with every command."""
    _register(("--help",))
    command = typer.main.get_command(app)
    return command.get_help(command.context_class(command, info_name="landiag"))


def _complain(sentence: str, status: int) -> int:
    said = f"landiag: {escape_text(sentence)}"
    if sys.stderr.isatty():
        from landiag.terminal import terminal_style

        said = "\n".join(terminal_style(no_color=True).wrap(said, rest="  "))
    sys.stderr.write(f"{said}\n")
    return status


def _explain_exception(error: Exception) -> int:
    """Say a usage error as click does, and anything else as a bug, with the details in a file."""
    message = getattr(error, "format_message", None)
    if message is not None:
        return _complain(f"{message().rstrip('.')} (landiag --help shows what there is)", 2)
    import tempfile
    import traceback

    with tempfile.NamedTemporaryFile("w", prefix="landiag-bug-", suffix=".txt", delete=False) as file:
        file.write(f"landiag {__version__}, Python {sys.version}\n")
        traceback.print_exception(error, file=file)
    return _complain(f"this is a bug of landiag ({type(error).__name__}): the details are in {file.name}", 4)
