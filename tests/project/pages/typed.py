"""What the pages type: the lines of landiag in their fences, and those that their sentences quote."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from typing import Any

import typer

from landiag.cli.app import COMMANDS
from landiag.cli.files.outputs import Stop
from tests.project.pages.commands import parser_of

FENCE = re.compile(r"^ *```.*?^ *```$", re.MULTILINE | re.DOTALL)
TYPED = re.compile(r"^ *(?:[#$] |PS> )?(?:sudo |py -m )?landiag ([a-z]+)\b([^\n|>]*)", re.MULTILINE)
QUOTED = re.compile(r"`(?:sudo )?landiag ([a-z]+)\b([^`\n]*)`")
USAGE_ERROR: Any = typer.BadParameter.__base__  # of click, or of the click that newer releases of typer bring


def typed(page: str) -> Iterator[tuple[str, str]]:
    """The command and the rest of each line of landiag in a page's fences."""
    for fence in FENCE.findall(page):
        yield from TYPED.findall(_typed(fence))


def quoted(page: str) -> Iterator[tuple[str, str]]:
    """The same of what its sentences and tables quote, which may be the bare name of a command."""
    yield from QUOTED.findall(FENCE.sub("", page))


def refusal(command: str, rest: str) -> str:
    """What landiag's command line says against these words; empty where it takes them."""
    if command not in COMMANDS:
        return "no such command"
    try:
        parser_of(command).make_context(command, shlex.split(rest, comments=True))
    except Stop as stop:
        return str(stop)
    except USAGE_ERROR as error:
        return str(error.format_message())
    return ""


def _typed(fence: str) -> str:
    """What is typed in a fence: the lines with a prompt where there is one, else all."""
    prompts = [line for line in fence.splitlines() if re.match(r" *([#$] |PS> )", line)]
    return "\n".join(prompts) or fence
