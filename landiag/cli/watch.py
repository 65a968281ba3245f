"""``landiag watch``: clients' packets as they arrive, and who stops each."""

from __future__ import annotations

import json
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Annotated, Any

import typer

from landiag.cli.arguments import parse_server
from landiag.cli.options import (
    ForceFlag,
    JsonFlag,
    NoColorFlag,
    OutputFiles,
    QuietFlag,
    RedactFlag,
    VerboseFlag,
    port_option,
)
from landiag.cli.outputs import Stop, check_outputs, finish, render_for, write_file
from landiag.cli.streams import end_with_reader
from landiag.host import Recording, render_recording
from landiag.model.facts import ParseError
from landiag.model.report import Outcome, Report, Status, Target
from landiag.question import Question, UsageError
from landiag.render.advice import fix_lines
from landiag.render.jsontext import to_document
from landiag.render.style import Style
from landiag.render.terminal import render_verdict
from landiag.terminal import terminal_style
from landiag.watch.conclude import Attempt

EVENT_SCHEMA = "landiag.event/1"
_FIELDS = (
    *("client", "address", "port", "interface", "outcome", "cause", "decided_by", "drop_reason", "summary"),
)


def watch(
    where: Annotated[str | None, typer.Argument(help="The port, or the URL that clients open.")] = None,
    port: Annotated[str | None, port_option("The server's port. [default: 5000]")] = None,
    peer: Annotated[str | None, typer.Option(help="Only this client: its IP address.")] = None,
    duration: Annotated[
        float, typer.Option(min=0.5, help="Seconds to watch; Ctrl-C ends it earlier.")
    ] = 120.0,
    timeout: Annotated[
        float | None, typer.Option(min=0.5, help="Seconds for the whole command; the shorter of both counts.")
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
    printer = _Printer(terminal_style(no_color=no_color), as_json=as_json, quiet=quiet, redact=redact)
    recording: Recording | None
    if replay is not None:
        report, recording = _replay(replay, printer.say)
    else:
        asked = parse_server(where, port, "auto", "/")
        question = Question(Target(asked.port, _address(peer)), asks_http=False)
        report, recording = _watch(
            question, min(duration, timeout or duration), printer, keeps=save is not None
        )
    if redact:
        report, recording = _redact(report, recording)
    if save is not None and recording is not None:
        write_file(save, render_recording(recording), force=force)
    for file in files:
        write_file(file, render_for(file)(report), force=force)
    if as_json:
        _write_line(to_document(report))
        raise SystemExit(report.verdict.status.exit_status)
    printer.part()
    shown = printer.untold(report)
    finish(shown, (), as_json=False, quiet=quiet, verbose=verbose, no_color=no_color, force=force)


def _address(peer: str | None) -> str | None:
    from ipaddress import ip_address

    try:
        return None if peer is None else str(ip_address(peer.partition("%")[0]))
    except ValueError as error:
        raise Stop(f"--peer {peer} is not an IP address: packets carry addresses, not names") from error


def _watch(
    question: Question, duration: float, printer: _Printer, *, keeps: bool
) -> tuple[Report, Recording | None]:
    if sys.platform != "linux":
        raise Stop(
            "watch looks at packets on Linux only so far; here use: landiag serve, or landiag check", 3
        )
    from landiag.watch.live import LiveWatch

    try:
        live = LiveWatch(question, printer.say, keeps=keeps)
    except PermissionError as error:
        raise Stop(_what_it_needs(question), 3) from error
    except OSError as error:
        raise Stop(f"packets cannot be captured here: {error.strerror}", 3) from error
    _stop_by_signals(live.stop.set)
    end_with_reader(live.stop.set)
    try:
        base = live.prepare()
        url = base.paths[0].url if base.paths else None
        printer.warn(base)
        printer.begin(live.port, duration, url)
        outcome = live.run(duration, lambda: printer.remind(live.port))
    except UsageError as error:
        raise Stop(str(error)) from error
    finally:
        live.close()
    return _report(outcome, printer), outcome.recording


def _report(outcome: Any, printer: _Printer) -> Report:
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


def _what_it_needs(question: Question) -> str:
    """Say how to get the right to capture packets."""
    from landiag.collect.machine import parse_machine
    from landiag.host.calls import machine

    command = parse_machine(machine({}, 1.0).decode()).landiag
    return f"watch must see packets, which needs root: sudo {command} watch --port {question.target.port}"


def _stop_by_signals(stop: Callable[[], None]) -> None:
    """End normally by Ctrl-C and SIGTERM: with a summary, and with everything removed."""

    def handle(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the signature of a handler
        stop()

    signal.signal(signal.SIGINT, handle)
    signal.signal(signal.SIGTERM, handle)
    if sys.platform != "win32":
        signal.signal(signal.SIGHUP, handle)


def _replay(file: Path, say: Callable[[Attempt], None]) -> tuple[Report, Recording]:
    from landiag.cli.saved import read_recording
    from landiag.watch.replay import replay

    try:
        recording = read_recording(file)
        return replay(recording, say), recording
    except (ParseError, UsageError) as error:
        raise Stop(f"{file} cannot be replayed: {error}") from error


def _redact(report: Report, recording: Recording | None) -> tuple[Report, Recording | None]:
    from landiag.cli.redacting import redact_both, redact_report

    return (redact_report(report), None) if recording is None else redact_both(report, recording)


def event_document(attempt: Attempt) -> dict[str, Any]:
    """Make the JSON event of the contract."""
    at = (
        time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(attempt.at))
        + f".{int(attempt.at % 1 * 1000):03d}+00:00"
    )
    fields = {name: getattr(attempt, name) for name in _FIELDS}
    more: dict[str, Any] = {
        "client_port": attempt.client_port,
        "mac": attempt.mac,
        "http_status": attempt.status,
    }
    more |= {
        "seconds": round(attempt.seconds, 3),
        "model_was_wrong": attempt.disagrees,
        "corrects": attempt.is_late,
    }
    return {"schema": EVENT_SCHEMA, "event": "attempt", "at": at, **fields, **more}


def _write_line(document: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(document, ensure_ascii=True) + "\n")
    sys.stdout.flush()


_OUTCOMES = {"connected": Outcome.OK, "unanswered": Outcome.UNKNOWN}
"""The marks of attempts; every other outcome is one that was stopped."""


class _Printer:
    """Prints attempts as they are concluded, as JSON lines or as a table that grows."""

    def __init__(self, style: Style, *, as_json: bool, quiet: bool, redact: bool) -> None:
        from landiag.watch.report import Tally

        self.style, self.as_json, self.quiet, self.redact = style, as_json, quiet, redact
        self.tally = Tally()

    def begin(self, port: int, duration: float, url: str | None) -> None:
        """Say that it watches, and what to do now; on standard error, which JSON leaves free."""
        if self.quiet:
            return
        where = f": open {url} on the other device now" if url and not self.redact else ""
        self._note(f"Watching port {port} for {duration:.0f} s (Ctrl-C ends it){where}")

    def _note(self, text: str) -> None:
        """Say something on standard error, no wider than the terminal."""
        sys.stderr.write("".join(f"{line}\n" for line in self.style.wrap(text)))
        sys.stderr.flush()

    def warn(self, base: Report) -> None:
        """Say what stops everybody already: there is no need to wait for that."""
        if base.verdict.status is Status.BLOCKED and not (self.quiet or self.redact):
            style = Style(self.style.width, marks=self.style.marks)
            sys.stderr.write(
                "\n".join([render_verdict(base, style).rstrip(), *fix_lines(base, style), "", ""])
            )
            sys.stderr.flush()

    def remind(self, port: int) -> None:
        """Say that nothing has arrived yet, and what that means most often."""
        if not self.quiet:
            self._note(
                f"No packet for port {port} has arrived yet. Did the other device open exactly the right URL?"
                " Is it in the same network (no guest Wi-Fi, no mobile data, no VPN)?"
            )

    def say(self, attempt: Attempt) -> None:
        """Print one attempt; where it is shared with others, only at the end (--redact knows all names then)."""
        self.tally.add(attempt)
        if self.quiet or self.redact:
            return
        if self.as_json:
            _write_line(event_document(attempt))
            return
        at = time.strftime("%H:%M:%S", time.localtime(attempt.at))
        outcome = _OUTCOMES.get(attempt.outcome, Outcome.BLOCKS)
        mark = self.style.mark(outcome)
        lines = self.style.wrap(attempt.said, first=f"{mark} {at}  ")
        lines[0] = self.style.painted(outcome) + lines[0][len(mark) :]
        sys.stdout.write("\n".join(lines) + "\n")
        sys.stdout.flush()

    def untold(self, report: Report) -> Report:
        """The report without what was printed of the attempts already."""
        from landiag.watch.report import without_attempts

        return report if self.quiet or self.redact else without_attempts(report, self.tally)

    def part(self) -> None:
        """Leave a line between the attempts and the report."""
        if self.tally.counts and not (self.quiet or self.redact):
            sys.stdout.write("\n")
