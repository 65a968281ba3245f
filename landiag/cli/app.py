"""The commands by name, as typer reads them."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from landiag.model.regex import regex
from landiag.version import __version__


class InOrder(TyperGroup):
    """Lists the commands in the order in which they are registered; older typers list them by the alphabet."""

    def list_commands(self, ctx: object) -> list[str]:  # noqa: ARG002 - click's signature
        """The commands' names, the most used first."""
        return list(self.commands)


COMMANDS = {
    "check": "landiag.cli.commands.check:check",
    "probe": "landiag.cli.commands.probe:probe",
    "firewall": "landiag.cli.commands.firewall:firewall",
    "list": "landiag.cli.commands.listeners:list_listeners",
    "watch": "landiag.cli.commands.watch:watch",
    "serve": "landiag.cli.commands.serve:serve",
    "record": "landiag.cli.commands.record:record",
    "fleet": "landiag.cli.commands.fleet:fleet",
    "report": "landiag.cli.commands.report:report",
    "explain": "landiag.cli.commands.explain:explain_code",
    "undo": "landiag.cli.commands.undo:undo",
}
"""Every command and the function that is it, in the order in which help lists them."""

IN_SHORT = {
    "check": "Say why other devices cannot connect to a port of this machine.",
    "probe": "On the client: say what stands between it and a server.",
    "firewall": "Say what the firewall does with a client's conversation.",
    "list": "List every listener, and whether other devices reach it.",
    "watch": "Look at clients' packets as they come, and name who stops them.",
    "serve": "Show a page that lets any phone try your server.",
    "record": "Record this whole host: every listener, rule, route and address.",
    "fleet": "Say what reaches what among many recorded hosts.",
    "report": "Show, convert, redact, join or compare what was saved.",
    "explain": "Explain a finding: what it means, how to see it, how to fix it.",
    "undo": "Take back what the last check --fix did.",
}
"""What the list of commands says of each: whole sentences, one line each at 80 columns."""


VALUES = {
    "where": "PORT|URL",
    "target": "HOST|URL|NETWORK",
    **dict.fromkeys(("from_", "peer", "source", "to"), "ADDRESS"),
    **dict.fromkeys(("host_header", "in_interface", "interface", "name", "profile", "program"), "NAME"),
    **dict.fromkeys(
        ("files", "output", "packets", "policy", "probes", "redact_map", "replay", "ruleset", "save"), "FILE"
    ),
    "code": "CODE",
    "command": "COMMAND",
    "folders": "FOLDER",
    "format_": "FORMAT",
    "interface_address": "ADDRESS/LENGTH",
    "max_age": "AGE",
    "only": "CHECKS",
    "page_port": "PORT",
    "path": "/PATH",
    "port": "PORT",
    "protocol": "PROTOCOL",
    "scheme": "SCHEME",
    "to_fixture": "FOLDER",
}
"""What help calls the value of an argument or an option, by its name."""


_TYPE = regex(r" <[\w\[\]]+>(?=  )")


class WithValues(TyperCommand):
    """A command whose help says what each value is (``--peer ADDRESS``), not the type that a library has for it."""

    def get_help(self, ctx: Any) -> str:
        """The help, with the values named; some typers put the type behind arguments even so."""
        for one in self.params:
            one.metavar = one.metavar or VALUES.get(one.name or "")
        return _TYPE.sub(lambda found: " " * len(found[0]), super().get_help(ctx))


def _app(words: Sequence[str]) -> typer.Typer:
    """Make the program that reads these words, with the commands that they need."""
    app = typer.Typer(
        name="landiag",
        cls=InOrder,
        help="Says why the other devices on this network cannot connect to your server.",
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback(invoke_without_command=True)(main)
    for name in _wanted(words):
        module, function = COMMANDS[name].split(":")
        app.command(name, cls=WithValues, short_help=IN_SHORT[name])(getattr(import_module(module), function))
    return app


def _wanted(words: Sequence[str]) -> Iterable[str]:
    """Tell which commands are imported: the called one, all for help and completion, none for the bare program."""
    if not words and not _is_completing():
        return ()
    called = next((word for word in words if not word.startswith("-")), None)
    return (called,) if called in COMMANDS else COMMANDS


def _is_completing() -> bool:
    """Whether a shell asks for completions: it calls landiag without a word, by a variable (click)."""
    return any(name.startswith("_LANDIAG") and name.endswith("_COMPLETE") for name in os.environ)


def run_command(words: Sequence[str]) -> int:
    """Run the command that is called; returns its status. Raises usage errors as click does."""
    try:
        status = _app(words)(args=list(words), standalone_mode=False)
    except typer.Abort as error:  # what click makes of an interrupt
        raise KeyboardInterrupt from error
    return status if isinstance(status, int) else 0


def main(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False,
) -> None:
    """Say why the other devices on this network cannot connect to your server."""
    if version:
        sys.stdout.write(f"landiag {__version__}\n")
        raise SystemExit(0)
    if context.invoked_subcommand is None:
        from landiag.cli.bare import check_own_server

        check_own_server(_help)


def _help() -> str:
    """One screen of help, with every command."""
    command = typer.main.get_command(_app(("--help",)))
    return command.get_help(command.context_class(command, info_name="landiag"))
