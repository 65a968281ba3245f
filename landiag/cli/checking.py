"""What ``landiag check`` does, its command line being read: the diagnosis, what is saved, printed and repeated."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import NoReturn
from urllib.parse import urlsplit

from msgspec import Struct

from landiag.cli.arguments import Asked, parse_checks, parse_own_address, parse_server
from landiag.cli.early import begin_reading
from landiag.cli.files.outputs import Stop, check_outputs, finish, finish_quietly, render_for, write_copy
from landiag.cli.fixing.repeating import Repeats, refuse_to_repeat, repeat
from landiag.cli.patience import tell_waiting
from landiag.cli.proving import announce_proof, clean_up_proof, refuse_proof_without_root
from landiag.cli.timeouts import bounded
from landiag.collect.machine import system_name
from landiag.collect.systems import first_sources
from landiag.host import Recording, live_recorder, render_recording
from landiag.host.programs import find_program
from landiag.model.facts import Command
from landiag.model.report import Report, Target
from landiag.question import Question, UsageError
from landiag.version import __version__


class CheckOptions(Struct, frozen=True, kw_only=True):
    """The command line of ``check``; what each means stands in ``cli/commands/check.py``.

    ``bounds_all``: ``timeout`` was typed, so that it bounds all the checks of a command together.
    """

    where: str | None = None
    port: str | None = None
    peer: str | None = None
    to: str | None = None
    interface: str | None = None
    scheme: str = "auto"
    path: str = "/"
    host_header: str | None = None
    http: bool = True
    only: str | None = None
    program: str | None = None
    sudo: bool = False
    prove: bool = False
    cleanup: bool = False
    save: Path | None = None
    replay: Path | None = None
    fix: bool = False
    yes: bool = False
    confirm_within: float | None = None
    wait: bool = False
    as_json: bool = False
    output: tuple[Path, ...] = ()
    redact: bool = False
    force: bool = False
    timeout: float = 10.0
    bounds_all: bool = False
    quiet: bool = False
    verbose: bool = False
    no_color: bool = False


def run_check(options: CheckOptions) -> NoReturn:
    """Check, print, save, and end with the verdict's status. Stops for what makes no sense."""
    repeats = Repeats(options.fix, options.wait, options.yes, options.confirm_within)
    _refuse(options, repeats)
    asked = parse_server(
        options.where, options.port, options.scheme, options.path, looks_around=options.replay is None
    )
    try:
        report, recording = _diagnose(options, repeats, asked)
    except UsageError as error:
        raise Stop(str(error)) from error
    if options.redact:
        from landiag.cli.files.redacting import redact_both

        report, recording = redact_both(report, recording)
    if options.save is not None:
        write_copy(options.save, render_recording(recording), force=options.force)
    if options.fix and not options.wait:
        _go_on_as_root(options, repeats, report)
        finish_quietly(report, options.output, force=options.force)
    finish(
        report,
        options.output,
        as_json=options.as_json,
        quiet=options.quiet,
        verbose=options.verbose,
        no_color=options.no_color,
        force=options.force,
    )


def _go_on_as_root(options: CheckOptions, repeats: Repeats, report: Report) -> None:
    """End as root's own ``--fix`` does, where that is what is left; files that were asked for are of this user."""
    if options.output or options.save is not None or options.quiet:
        return
    from landiag.cli.fixing.as_root import go_on_as_root

    status = go_on_as_root(report, repeats)
    if status is not None:
        raise SystemExit(status)


def _refuse(options: CheckOptions, repeats: Repeats) -> None:
    """Stop before the work begins for what could not be done at its end, or makes no sense together."""
    refuse_to_repeat(
        repeats,
        replays=options.replay is not None,
        as_json=options.as_json,
        only=options.only,
        redact=options.redact,
    )
    saved = () if options.save is None else (options.save,)
    check_outputs((*options.output, *saved), force=options.force)
    for file in options.output:
        render_for(file)
    if options.cleanup:
        clean_up_proof(prove=options.prove)
    if options.prove and options.replay is None:
        refuse_proof_without_root()


def _question(options: CheckOptions, asked: Asked) -> Question:
    address = parse_own_address(options.to) or asked.address
    return Question(
        target=Target(asked.port, options.peer, address, options.interface, asked.scheme),
        program=options.program,
        host_header=options.host_header or asked.host,
        path=asked.path,
        asks_http=options.http,
        only=parse_checks(options.only),
        proves=options.prove,
        name=None if asked.host is None else urlsplit(f"//{asked.host}").hostname,
    )


def _diagnose(options: CheckOptions, repeats: Repeats, asked: Asked) -> tuple[Report, Recording]:
    question = _question(options, asked)
    if options.fix or options.wait:
        from landiag.cli.fixing.asking import Budget
        from landiag.terminal import terminal_style

        return repeat(
            lambda end: _check_live(question, end, options.sudo, shows_names=True),
            repeats,
            Budget(options.timeout, options.timeout if options.bounds_all else None),
            terminal_style(no_color=options.no_color),
            quiet=options.quiet,
        )
    with bounded(options.timeout) as deadline:
        if options.replay is None:
            return _check_live(question, deadline, options.sudo, shows_names=not options.redact)
        from landiag.cli.replaying import replay

        return replay(options.replay, asked, question, deadline)


def _check_live(
    question: Question, deadline: float, sudo: bool, *, shows_names: bool
) -> tuple[Report, Recording]:
    by_sudo = _sudo() if sudo else ()
    if by_sudo:
        _announce_sudo()
    with live_recorder(deadline, by_sudo) as recorder:
        begin_reading(recorder)
        from landiag.diagnose import diagnose

        with suppress(RuntimeError):  # no room for another thread: it is loaded when it is needed
            threading.Thread(target=_warm_up, daemon=True).start()
        with tell_waiting(recorder) if shows_names else nullcontext():
            report = diagnose(
                question, recorder, deadline, announce_proof if shows_names else _announce_masked
            )
    return report, Recording(
        question.target, report.created, __version__, recorder.readings, question.options
    )


def _announce_masked(lines: Sequence[str]) -> None:
    from landiag.cli.files.redacting import redact_lines

    announce_proof(redact_lines(lines))


def _warm_up() -> None:
    """Load what the judgement will need while the first commands run: the processor is idle then."""
    from landiag.collect.exchanges.answerers import answerers
    from landiag.servers.kinds import server_kinds

    server_kinds()
    answerers()


def _sudo() -> tuple[str, ...]:
    """Find sudo; root needs none. Asks for the password now, while nothing else is running."""
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        return ()
    program = find_program("sudo")
    if program is None:
        raise Stop("there is no sudo here: run this as root instead")
    if subprocess.run((program, "-v"), check=False).returncode != 0:
        raise Stop("sudo did not let you: run this as root instead")
    return (program, "-n")


def _announce_sudo() -> None:
    """List the commands that will run as root, before they do; all of them only read."""
    sys.stderr.write("These commands, which only read, run by sudo:\n")
    for source in first_sources(system_name(sys.platform)):
        if isinstance(source, Command) and source.needs_root:
            sys.stderr.write(f"  {shlex.join(source.argv)}\n")
    sys.stderr.write("  cat, for files of the firewall that only root may read\n")
    sys.stderr.write("  nsenter -t PID -n ss ..., ip addr   (where a container may have the port)\n")
