"""``landiag report``: shows, converts, redacts, joins and compares what was saved."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from landiag.cli.files.outputs import (
    RENDERERS,
    Stop,
    check_outputs,
    finish,
    render_for,
    write_bytes,
    write_copy,
    write_file,
)
from landiag.cli.files.saved import Saved, load, replayed
from landiag.cli.options import (
    ForceFlag,
    JsonFlag,
    NoColorFlag,
    OptionalTimeout,
    OutputFiles,
    QuietFlag,
    RedactFlag,
    VerboseFlag,
)
from landiag.cli.timeouts import within
from landiag.host import RecordedHost, Recorder, Recording, render_recording
from landiag.model.host import Facts
from landiag.model.report import Report
from landiag.render.style import Style
from landiag.render.terminal import render_terminal
from landiag.terminal import terminal_style
from landiag.verdict.change import Change
from landiag.verdict.compare import compare
from landiag.verdict.join import JoinError, join


def report(
    files: Annotated[list[Path], typer.Argument(help="Saved reports, recordings or cases.")],
    as_compare: Annotated[
        bool, typer.Option("--compare", help="Say what changed from the first to the second.")
    ] = False,
    redact: RedactFlag = False,
    redact_map: Annotated[
        Path | None, typer.Option(help="Write what was replaced by what to this file, readable for you only.")
    ] = None,
    keep_vendor: Annotated[
        bool, typer.Option(help="Keep the half of MAC addresses that names the vendor.")
    ] = False,
    save: Annotated[
        Path | None, typer.Option(help="Write the recording, redacted with --redact, to this file.")
    ] = None,
    to_fixture: Annotated[
        Path | None, typer.Option(help="Write the recording as a case, one text file, to this folder.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="The name of that case. [default: OS-cause]")] = None,
    as_json: JsonFlag = False,
    output: OutputFiles = None,
    force: ForceFlag = False,
    quiet: QuietFlag = False,
    verbose: VerboseFlag = False,
    no_color: NoColorFlag = False,
    timeout: OptionalTimeout = None,
) -> None:
    """Show, convert, redact, join or compare saved reports and recordings; works on any machine.

    A recording is diagnosed first. With --redact, a recording that is written to a .json file stays a
    recording. Two reports, one of check and one of probe, are joined into one verdict.

    Examples: landiag report case.json --output case.html; landiag report case.json --redact --output masked.json;
    landiag report yesterday.json today.json --compare; landiag report server.json client.json
    """
    outputs = tuple(output or ())
    check_outputs((*outputs, *(one for one in (save, redact_map) if one is not None)), force=force)
    with within(timeout) as deadline:
        if as_compare and (changes := _changes_of_rules(files, deadline)) is not None:
            _show_changes(changes, outputs, 0, as_json=as_json, no_color=no_color, force=force)
        saved = [load(file, deadline) for file in files]
    if redact or redact_map is not None:
        saved = _redact(saved, redact_map, keep_vendor, force)
    if to_fixture is not None:
        _write_fixture(saved, to_fixture, name)
        if not (outputs or as_json or save):
            raise SystemExit(0)
    if save is not None:
        write_file(save, render_recording(_only_recording(saved)), force=force)
    if as_compare:
        _finish_comparison(saved, outputs, as_json=as_json, no_color=no_color, force=force)
    shown = _one_report(saved)
    kept = tuple(file for file in outputs if not _stays_recording(file, saved, redacted=redact))
    for file in kept:
        render_for(file)
    for file in set(outputs) - set(kept):
        write_file(file, render_recording(_only_recording(saved)), force=force)
    raw = _raw(saved) if verbose else ""
    finish(
        shown,
        kept,
        as_json=as_json,
        quiet=quiet,
        verbose=verbose,
        no_color=no_color,
        force=force,
        raw=raw,
        about=True,
    )


def _changes_of_rules(files: list[Path], deadline: float | None) -> tuple[Change, ...] | None:
    """What changed between two saved rulesets; None where the files are none."""
    from landiag.cli.compare_rules import compare_saved

    return compare_saved(files, deadline)


def _raw(saved: list[Saved]) -> str:
    """The readings of the recordings among the files, word for word."""
    from landiag.render.readings import render_readings

    recordings = [one.recording for one in saved if one.recording is not None]
    return "".join(render_readings(one.readings.values()) for one in recordings)


def _stays_recording(file: Path, saved: list[Saved], *, redacted: bool) -> bool:
    """Whether a file gets the recording: a redacted recording is what people attach to be replayed."""
    return redacted and len(saved) == 1 and saved[0].recording is not None and file.suffix.lower() == ".json"


def _only_recording(saved: list[Saved]) -> Recording:
    recordings = [one.recording for one in saved if one.recording is not None]
    if len(recordings) != 1:
        raise Stop(
            "give one recording (save one with: landiag check --save FILE): a report does not hold the readings"
        )
    return recordings[0]


def _one_report(saved: list[Saved]) -> Report:
    if len(saved) == 1:
        return saved[0].report
    if len(saved) > 2:
        raise Stop("give one file to show it, or two to join or --compare them")
    try:
        return join(saved[0].report, saved[1].report)
    except JoinError as error:
        raise Stop(str(error)) from error


def _redact(saved: list[Saved], map_file: Path | None, keep_vendor: bool, force: bool) -> list[Saved]:
    """Redact everything together, so that the same name has the same mask in all files."""
    from landiag.redact.documents import redact_everything

    documents = [one.recording or one.report for one in saved]
    done, redaction = redact_everything(documents, keeps_vendor=keep_vendor)
    if map_file is not None:
        _write_map(map_file, redaction.mapping, force=force)
    return [
        replayed(one.file, new) if isinstance(new, Recording) else Saved(one.file, new)
        for one, new in zip(saved, done, strict=True)
    ]


def _write_map(file: Path, mapping: Mapping[str, Mapping[str, str]], *, force: bool) -> None:
    """Write what was replaced by what. ``write_file`` makes files that only their owner may read (mkstemp(3))."""
    document = {"schema": "landiag.redaction/1", **{kind: dict(pairs) for kind, pairs in mapping.items()}}
    write_file(file, json.dumps(document, indent=2, sort_keys=True) + "\n", force=force)
    if os.name == "posix":
        file.chmod(0o600)


def _write_fixture(saved: list[Saved], folder: Path, name: str | None) -> None:
    """Write a recording as a case."""
    from landiag.host.casefile import render_case
    from landiag.host.fixture import SUFFIX, fixture_of

    recording = _only_recording(saved)
    shown = next(one.report for one in saved if one.recording is not None)
    try:
        fixture = fixture_of(recording, shown, render_terminal(shown, Style()), name)
    except ValueError as error:
        raise Stop(str(error)) from error
    file = folder / f"{fixture.name}{SUFFIX}"
    if file.exists():
        raise Stop(f"{file} exists already: choose another name for the case with --name")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Stop(f"{folder} could not be made: {error.strerror}") from error
    write_bytes(file, render_case(fixture), force=False)
    sys.stderr.write(f"landiag: the case is in {file}\n")


def _finish_comparison(
    saved: list[Saved], outputs: tuple[Path, ...], *, as_json: bool, no_color: bool, force: bool
) -> NoReturn:
    if len(saved) != 2:
        raise Stop("--compare needs two files: the one from before, then the one from now")
    before, after = saved
    changes = compare(before.report, after.report, _facts_of(before, after))
    status = after.report.verdict.status.exit_status
    _show_changes(changes, outputs, status, as_json=as_json, no_color=no_color, force=force)


def _show_changes(
    changes: tuple[Change, ...],
    outputs: tuple[Path, ...],
    status: int,
    *,
    as_json: bool,
    no_color: bool,
    force: bool,
) -> NoReturn:
    from landiag.render.changes import CHANGE_RENDERERS, render_changes

    for file in outputs:
        renderer = CHANGE_RENDERERS.get(file.suffix.lower())
        if renderer is None:
            raise Stop(f"{file} cannot be written: its name must end in {', '.join(RENDERERS)}")
        write_copy(file, renderer(changes), force=force)
    if as_json:
        sys.stdout.write(CHANGE_RENDERERS[".json"](changes))
    else:
        sys.stdout.write(render_changes(changes, terminal_style(no_color=no_color).width))
    raise SystemExit(status)


def _facts_of(before: Saved, after: Saved) -> tuple[Facts, Facts] | None:
    """Read the facts of both, where both are recordings."""
    if before.recording is None or after.recording is None:
        return None
    from landiag.gather import gather

    pair = [
        gather(Recorder(RecordedHost(recording.readings)), float("inf"))[1]
        for recording in (before.recording, after.recording)
    ]
    return pair[0], pair[1]
