"""``landiag explain``: what a finding means, how it is seen, how it is fixed."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from landiag.cli import completing
from landiag.cli.files.outputs import Stop, check_outputs, write_file
from landiag.cli.options import ForceFlag, NoColorFlag
from landiag.explain import UnknownCodeError, all_pages, explain, list_codes
from landiag.render.columns import render_table
from landiag.render.pages import render_page
from landiag.terminal import terminal_style


def explain_code(
    code: Annotated[
        str | None,
        typer.Argument(
            autocompletion=completing.codes, help="The code of a finding, for example bound-to-loopback."
        ),
    ] = None,
    as_all: Annotated[bool, typer.Option("--all", help="All pages in one.")] = False,
    output: Annotated[Path | None, typer.Option(help="Write the Markdown to this file.")] = None,
    force: ForceFlag = False,
    no_color: NoColorFlag = False,
) -> None:
    """Explain a finding: what it means, how to see it, how to fix it, what it is confused with.

    Examples: landiag explain; landiag explain bound-to-loopback; landiag explain --all --output docs.md
    """
    if code is not None and as_all:
        raise Stop("give a code or --all, not both")
    if output is not None:
        check_outputs((output,), force=force)
    try:
        text = all_pages() if as_all else _list(no_color=no_color) if code is None else explain(code)
        if code is not None and output is None:
            text = render_page(text, terminal_style(no_color=no_color))
    except UnknownCodeError as error:
        raise Stop(str(error)) from error
    if output is None:
        sys.stdout.write(text)
    else:
        write_file(output, text, force=force)


def _list(*, no_color: bool) -> str:
    """List every code with its title, in the order in which a person fixes them."""
    style = terminal_style(no_color=no_color)
    table = render_table(("", ""), list_codes(), style.width, shrink=(1,), ellipsis=style.ellipsis)
    return "\n".join([*table, "", "landiag explain CODE says more."]) + "\n"
