"""Options that several commands have, with what a shell completes behind them."""

from __future__ import annotations

from typing import Any

import typer

from landiag.cli import completing


def port_option(text: str) -> Any:
    """The option for ports; ``text`` is its help."""
    return typer.Option("--port", "-p", autocompletion=completing.ports, help=text)


def interface_option(text: str, name: str = "--interface") -> Any:
    """The option for a network interface; ``text`` is its help."""
    return typer.Option(name, autocompletion=completing.interfaces, help=text)


def scheme_option() -> Any:
    """The option for what a server speaks."""
    text = "What the server should speak: auto, http, https or tcp."
    return typer.Option("--scheme", autocompletion=completing.schemes, help=text)
