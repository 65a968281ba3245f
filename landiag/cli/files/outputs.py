"""Printing and saving reports."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import NoReturn, TypeVar

from landiag.cli.streams import complain
from landiag.model.report import Report
from landiag.render.jsontext import render_json

T = TypeVar("T")


UNDETERMINED = 3
"""The exit status of what could not be told."""


class Stop(Exception):  # noqa: N818 - not an error: a sentence and a status to end with
    """End the command with this sentence on standard error and this exit status; ``command`` is what to type then."""

    def __init__(self, sentence: str, status: int = 2, command: str = "") -> None:
        super().__init__(sentence)
        self.status = status
        self.command = command


def finish(
    report: Report,
    files: Iterable[Path],
    *,
    as_json: bool,
    quiet: bool,
    verbose: bool,
    no_color: bool,
    force: bool,
    raw: str = "",
    about: bool = False,
) -> NoReturn:
    """Print and save a report, and end with its verdict's exit status. ``raw`` goes under a verbose one.

    ``about``: it is read elsewhere or later, so that it also says of what machine and question it is.
    """
    _save(report, files, force=force)
    if as_json:
        sys.stdout.write(render_json(report))
    else:
        sys.stdout.write(_for_people(report, quiet=quiet, verbose=verbose, no_color=no_color, about=about))
        sys.stdout.write(raw if verbose and not quiet else "")
    raise SystemExit(report.verdict.status.exit_status)


def _for_people(report: Report, *, quiet: bool, verbose: bool, no_color: bool, about: bool) -> str:
    from landiag.render.terminal import render_quiet, render_terminal
    from landiag.terminal import terminal_style

    if quiet:
        return render_quiet(report)
    return render_terminal(report, terminal_style(no_color=no_color), verbose=verbose, about=about or verbose)


def finish_quietly(report: Report, files: Iterable[Path], *, force: bool) -> NoReturn:
    """Save a report whose answer was told already, and end with its verdict's exit status."""
    _save(report, files, force=force)
    raise SystemExit(report.verdict.status.exit_status)


def _save(report: Report, files: Iterable[Path], *, force: bool) -> None:
    for file in files:
        write_copy(file, render_for(file)(report), force=force)


def _render_markdown(report: Report) -> str:
    from landiag.render.markdown import render_markdown

    return render_markdown(report)


def _render_html(report: Report) -> str:
    from landiag.render.html import render_html

    return render_html(report)


def _render_text(report: Report) -> str:
    from landiag.render.text import render_text

    return render_text(report)


RENDERERS: Mapping[str, Callable[[Report], str]] = {
    ".json": render_json,
    ".txt": _render_text,
    ".md": _render_markdown,
    ".html": _render_html,
}
"""How a report is written into a file, by the file's suffix."""


def render_for(file: Path) -> Callable[[Report], str]:
    """Choose the renderer of a report for a file by its suffix. Stops for a suffix that is not known."""
    return choose_renderer(file, RENDERERS)


def choose_renderer(file: Path, renderers: Mapping[str, T]) -> T:
    """Choose what writes a file by its suffix. Stops for a suffix that is not known."""
    renderer = renderers.get(file.suffix.lower())
    if renderer is None:
        raise Stop(f"{file} cannot be written: its name must end in {', '.join(renderers)}")
    return renderer


def check_outputs(files: Iterable[Path], *, force: bool) -> None:
    """Stop before the work begins where a file could not be written after it."""
    for file in files:
        if not file.parent.is_dir():
            raise Stop(f"there is no folder {file.parent} to write {file.name} into: make it first")
        if not os.access(file.parent, os.W_OK):
            raise Stop(f"{file} cannot be written: nothing can be made in the folder {file.parent}")
        if file.exists() and not force:
            raise Stop(f"{file} exists already: choose another name, or add --force to overwrite it")


def write_file(file: Path, text: str, *, force: bool) -> None:
    """Write a file whole or not at all: beside it first, then renamed over it."""
    write_bytes(file, text.encode("utf-8", "backslashreplace"), force=force)


def write_copy(file: Path, text: str, *, force: bool) -> None:
    """Write an answer that is printed as well: where that fails a sentence says so, and the answer's status stands."""
    try:
        write_file(file, text, force=force)
    except Stop as stop:
        complain(str(stop))


def write_bytes(file: Path, data: bytes, *, force: bool) -> None:
    """The same for bytes. Nobody but the user may read it (mode 0600)."""
    check_outputs((file,), force=force)
    from landiag.cli.files.whole import write_whole

    try:
        write_whole(file, data)
    except OSError as error:
        raise Stop(f"{file} could not be written: {error.strerror}") from error
