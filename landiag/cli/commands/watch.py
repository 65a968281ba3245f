"""``landiag watch``: clients' packets as they arrive, and who stops each."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Annotated, Any

import typer

from landiag.cli.arguments import parse_server
from landiag.cli.attempts import AttemptPrinter, write_line
from landiag.cli.files.outputs import Stop, check_outputs, finish, render_for, write_copy
from landiag.cli.options import (
    ForceFlag,
    JsonFlag,
    NoColorFlag,
    OutputFiles,
    QuietFlag,
    RedactFlag,
    VerboseFlag,
    port_option,
    seconds_option,
)
from landiag.cli.streams import end_with_reader
from landiag.host import Recording, render_recording
from landiag.model.addresses import parse_ip
from landiag.model.facts import ParseError
from landiag.model.report import Report, Target
from landiag.question import Question, UsageError
from landiag.render.jsontext import to_document
from landiag.terminal import terminal_style
from landiag.watch.conclude import Attempt


def watch(
    where: Annotated[str | None, typer.Argument(help="The port, or the URL that clients open.")] = None,
    port: Annotated[str | None, port_option("The server's port. [default: 5000]")] = None,
    peer: Annotated[str | None, typer.Option(help="Only this client: its IP address.")] = None,
    duration: Annotated[
        float, seconds_option("--duration", "Seconds to watch; Ctrl-C ends it earlier.", least=0.5)
    ] = 120.0,
    timeout: Annotated[
        float | None,
        seconds_option("--timeout", "Seconds for the whole command; the shorter of both counts.", least=0.5),
    ] = None,
    save: Annotated[Path | None, typer.Option(help="Save a recording of everything that was seen.")] = None,
    replay: Annotated[Path | None, typer.Option(help="Conclude from a recording instead.")] = None,
    as_json: JsonFlag = False,
    output: OutputFiles = None,
    redact: RedactFlag = False,
    force: ForceFlag = False,
    quiet: QuietFlag = False,
    verbose: VerboseFlag = False,
    no_color: NoColorFlag = False,
) -> None:
    """Look at clients' packets as they arrive, and name who stops each. Needs root.

    Examples: sudo landiag watch --port 5000; landiag watch --replay seen.json
    """
    files = tuple(output or ())
    check_outputs((*files, *([save] if save else [])), force=force)
    for file in files:
        render_for(file)
    printer = AttemptPrinter(terminal_style(no_color=no_color), as_json=as_json, quiet=quiet, redact=redact)
    recording: Recording | None
    if replay is not None:
        report, recording = _replay(replay, printer.say, timeout)
    else:
        asked = parse_server(where, port, "auto", "/")
        question = Question(Target(asked.port, _address(peer)), asks_http=False)
        report, recording = _watch(
            question, min(duration, timeout or duration), printer, keeps=save is not None
        )
    if redact:
        report, recording = _redact(report, recording)
    if save is not None and recording is not None:
        write_copy(save, render_recording(recording), force=force)
    for file in files:
        write_copy(file, render_for(file)(report), force=force)
    if as_json:
        write_line(to_document(report))
        raise SystemExit(report.verdict.status.exit_status)
    printer.part()
    shown = printer.untold(report)
    finish(shown, (), as_json=False, quiet=quiet, verbose=verbose, no_color=no_color, force=force)


def _address(peer: str | None) -> str | None:
    try:
        return None if peer is None else str(parse_ip(peer))
    except ValueError as error:
        raise Stop(f"--peer {peer} is not an IP address: packets carry addresses, not names") from error


def _watch(
    question: Question, duration: float, printer: AttemptPrinter, *, keeps: bool
) -> tuple[Report, Recording | None]:
    if sys.platform != "linux":
        raise Stop(
            "watch looks at packets on Linux only so far; here use: landiag serve, or landiag check", 3
        )
    from landiag.render.headline import step_on_client
    from landiag.watch.live import LiveWatch

    try:
        live = LiveWatch(question, printer.say, printer.wait if printer.shows_waiting else None, keeps=keeps)
    except PermissionError as error:
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            raise Stop("packets cannot be captured here: root may not either (CAP_NET_RAW)", 3) from error
        raise Stop("watch must see packets, which needs root", 3, _as_root(question)) from error
    except OSError as error:
        raise Stop(f"packets cannot be captured here: {error.strerror}", 3) from error
    _stop_by_signals(live.stop.set)
    end_with_reader(live.stop.set)
    try:
        base = live.prepare()
        printer.warn(base)
        printer.begin(live.port, duration, step_on_client(base))
        outcome = live.run(duration, lambda: printer.remind(live.port))
    except UsageError as error:
        raise Stop(str(error)) from error
    finally:
        live.close()
    return _report(outcome, printer), outcome.recording


def _report(outcome: Any, printer: AttemptPrinter) -> Report:
    from landiag.watch.report import Watched, make_report

    watcher = outcome.session.watcher
    watched = Watched(
        seconds=outcome.seconds,
        tally=printer.tally,
        traced=outcome.traced,
        lost=outcome.lost,
        local=watcher.local_attempts,
        others=outcome.session.others,
        seekers=tuple(watcher.seekers),
    )
    return make_report(outcome.base, watched)


def _as_root(question: Question) -> str:
    """The line that gets the right to capture packets."""
    from landiag.collect.machine import parse_machine
    from landiag.host.calls import machine

    command = parse_machine(machine({}, 1.0).decode()).landiag
    return f"sudo {command} watch --port {question.target.port}"


def _stop_by_signals(stop: Callable[[], None]) -> None:
    """End normally by Ctrl-C and SIGTERM: with a summary, and with everything removed."""

    def handle(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the signature of a handler
        stop()

    signal.signal(signal.SIGINT, handle)
    signal.signal(signal.SIGTERM, handle)
    if sys.platform != "win32":
        signal.signal(signal.SIGHUP, handle)


def _replay(file: Path, say: Callable[[Attempt], None], timeout: float | None) -> tuple[Report, Recording]:
    from landiag.cli.files.saved import read_recording
    from landiag.cli.timeouts import within
    from landiag.watch.replay import replay

    try:
        with within(timeout) as deadline:
            recording = read_recording(file, deadline)
            return replay(recording, say), recording
    except (ParseError, UsageError) as error:
        raise Stop(f"{file} cannot be replayed: {error}") from error


def _redact(report: Report, recording: Recording | None) -> tuple[Report, Recording | None]:
    from landiag.cli.files.redacting import redact_alone, redact_both

    return (redact_alone(report), None) if recording is None else redact_both(report, recording)
