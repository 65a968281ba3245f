"""``landiag check``: the diagnosis on the server's machine, or of a recording."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer
from msgspec.structs import replace

from landiag.cli import completing
from landiag.cli.arguments import Asked, parse_checks, parse_own_address, parse_server
from landiag.cli.early import begin_reading
from landiag.cli.options import interface_option, port_option, scheme_option
from landiag.cli.outputs import (
    ForceFlag,
    JsonFlag,
    NoColorFlag,
    OutputFiles,
    QuietFlag,
    RedactFlag,
    Stop,
    TimeoutSeconds,
    VerboseFlag,
    check_outputs,
    finish,
    finish_quietly,
    render_for,
    write_file,
)
from landiag.cli.patience import tell_waiting
from landiag.cli.proving import announce_proof, clean_up_proof, refuse_proof_without_root
from landiag.cli.redacting import redact_both
from landiag.cli.repeating import Repeats, read_budget, refuse_to_repeat, repeat
from landiag.cli.timeouts import bounded
from landiag.collect.machine import system_name
from landiag.collect.systems import first_sources
from landiag.host import LiveHost, RecordedHost, Recorder, Recording, render_recording
from landiag.host.programs import find_program
from landiag.journey.binding import describe_address
from landiag.model.facts import Command, ParseError, Unknown
from landiag.model.report import Report, Target
from landiag.model.terms import CHECK_NAMES, CheckName
from landiag.question import Question, UsageError
from landiag.terminal import terminal_style
from landiag.version import __version__

MOST_NAMED = 20
"""How many listeners of a recording one sentence names."""


def check(
    context: typer.Context,
    where: Annotated[str | None, typer.Argument(help="The port, or the URL that clients open.")] = None,
    port: Annotated[str | None, port_option("The server's port. [default: 5000]")] = None,
    peer: Annotated[str | None, typer.Option(help="The client that fails: its address or name.")] = None,
    to: Annotated[str | None, typer.Option(help="The address of this machine that clients use.")] = None,
    interface: Annotated[str | None, interface_option("Only this network interface.")] = None,
    scheme: Annotated[str, scheme_option()] = "auto",
    path: Annotated[str, typer.Option(help="The path to ask for.")] = "/",
    host_header: Annotated[str | None, typer.Option(help="The Host header that clients send.")] = None,
    http: Annotated[bool, typer.Option("--http/--no-http", help="Whether to ask the server itself.")] = True,
    only: Annotated[
        str | None,
        typer.Option(
            autocompletion=completing.checks,
            help=f"Only these checks: {','.join(CHECK_NAMES)}.",
        ),
    ] = None,
    program: Annotated[str | None, typer.Option(help="The program whose port it should be.")] = None,
    sudo: Annotated[
        bool, typer.Option("--sudo", help="Read what needs root by sudo, after listing it.")
    ] = False,
    prove: Annotated[
        bool,
        typer.Option("--prove", help="Ask the kernel itself, by a SYN put onto the interface (root, Linux)."),
    ] = False,
    cleanup: Annotated[
        bool, typer.Option("--cleanup", help="With --prove: remove what a killed one left behind.")
    ] = False,
    save: Annotated[Path | None, typer.Option(help="Save a recording of everything that was read.")] = None,
    replay: Annotated[Path | None, typer.Option(help="Diagnose a recording or a case instead.")] = None,
    fix: Annotated[
        bool, typer.Option("--fix", help="Carry the advice out, one fix at a time, each after asking.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="With --fix: do not ask.")] = False,
    confirm_within: Annotated[
        float | None,
        typer.Option(
            min=0,
            help="With --fix: take a change back that nobody confirms in so many seconds. [default: 60 over SSH]",
        ),
    ] = None,
    wait: Annotated[
        bool, typer.Option("--wait", help="Check again until clear; say each change once.")
    ] = False,
    as_json: JsonFlag = False,
    output: OutputFiles = None,
    redact: RedactFlag = False,
    force: ForceFlag = False,
    timeout: TimeoutSeconds = 10.0,
    quiet: QuietFlag = False,
    verbose: VerboseFlag = False,
    no_color: NoColorFlag = False,
) -> None:
    """Say why LAN clients cannot connect to a port of this machine.

    Examples: landiag check --port 5000; landiag check 8000 --peer 192.168.1.23; landiag check --replay case.json;
    sudo landiag check --port 5000 --fix; landiag check --port 5000 --wait
    """
    repeats = Repeats(fix=fix, wait=wait, yes=yes, confirm_within=confirm_within)
    refuse_to_repeat(repeats, replays=replay is not None, as_json=as_json, only=only, redact=redact)
    files = tuple(output or ())
    check_outputs((*files, *([save] if save else [])), force=force)
    for file in files:
        render_for(file)
    if cleanup:
        clean_up_proof(prove=prove)
    if prove and replay is None:
        refuse_proof_without_root()
    asked = parse_server(where, port, scheme, path, looks_around=replay is None)
    question = Question(
        target=Target(asked.port, peer, parse_own_address(to) or asked.address, interface, asked.scheme),
        program=program,
        host_header=host_header or asked.host,
        path=asked.path,
        asks_http=http,
        only=parse_checks(only),
        proves=prove,
        name=None if asked.host is None else urlsplit(f"//{asked.host}").hostname,
    )
    try:
        if fix or wait:
            style = terminal_style(no_color=no_color)
            report, recording = repeat(
                lambda end: _check_live(question, end, sudo, shows_names=True),
                repeats,
                read_budget(context, timeout),
                style,
                quiet=quiet,
            )
        else:
            with bounded(timeout) as deadline:
                report, recording = (
                    _replay(replay, asked, question, deadline)
                    if replay
                    else _check_live(question, deadline, sudo, shows_names=not redact)
                )
    except UsageError as error:
        raise Stop(str(error)) from error
    if redact:
        report, recording = redact_both(report, recording)
    if save is not None:
        write_file(save, render_recording(recording), force=force)
    if fix and not wait:
        finish_quietly(report, files, force=force)
    finish(report, files, as_json=as_json, quiet=quiet, verbose=verbose, no_color=no_color, force=force)


def _check_live(
    question: Question, deadline: float, sudo: bool, *, shows_names: bool
) -> tuple[Report, Recording]:
    host = LiveHost(deadline, sudo=_sudo() if sudo else ())
    if host.sudo:
        _announce_sudo()
    recorder = Recorder(host)
    try:
        begin_reading(recorder)
        from landiag.diagnose import diagnose

        with suppress(RuntimeError):  # no room for another thread: it is loaded when it is needed
            threading.Thread(target=_warm_up, daemon=True).start()
        with tell_waiting(recorder) if shows_names else nullcontext():
            report = diagnose(
                question, recorder, deadline, announce_proof if shows_names else _announce_masked
            )
    finally:
        host.close()
    return report, Recording(
        question.target, report.created, __version__, recorder.readings, question.options
    )


def _announce_masked(lines: Sequence[str]) -> None:
    from landiag.cli.redacting import redact_lines

    announce_proof(redact_lines(lines))


def _warm_up() -> None:
    """Load what the judgement will need while the first commands run: the processor is idle then."""
    import psutil  # noqa: F401 - the processes will be asked with it

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


def _replay(file: Path, asked: Asked, question: Question, deadline: float) -> tuple[Report, Recording]:
    from landiag.cli.saved import STUMBLES, read_recording, stumbled

    try:
        recording = read_recording(file, deadline)
    except ParseError as error:
        raise Stop(f"{file} cannot be replayed: {error}") from error
    if recording.options.get("command") == "probe":
        raise Stop(f"{file} is a recording of landiag probe: landiag report {file} shows it")
    target = recording.target
    if asked.is_explicit:
        target = replace(target, port=asked.port)
    if target.port is None:
        raise Stop(_which_port(file, recording))
    from landiag.diagnose import diagnose

    asks = _question_of(recording, replace(question, target=replace(question.target, port=target.port)))
    host = RecordedHost(recording.readings)
    try:
        return diagnose(asks, Recorder(host), float("inf")), recording
    except UsageError:
        raise
    except STUMBLES as error:
        raise stumbled(file, error) from error


def _question_of(recording: Recording, question: Question) -> Question:
    """What a recording asked; of a whole host, what is asked now.

    Nothing was sent to its network, so that no peer was asked.
    """
    if recording.target.port is not None:
        target = replace(recording.target, port=question.target.port)
        return replace(Question.from_options(target, recording.options), only=question.only)
    unasked = tuple(name for name in CHECK_NAMES if name != CheckName.PEER)
    return replace(question, only=question.only or unasked, proves=False)


def _which_port(file: Path, recording: Recording) -> str:
    """Say which listeners a recording of a whole host holds: one of them is to be named."""
    from landiag.replay import read_facts

    told = f"{file} is a recording of a whole host"
    facts = read_facts(recording)
    if isinstance(facts, Unknown) or isinstance(facts.sockets, Unknown):
        return f"{told}, and its listeners could not be read: name a port with --port"
    found = sorted({(socket.port, describe_address(socket)) for socket in facts.sockets})
    names = ", ".join(address for _, address in found[:MOST_NAMED])
    more = f" and {len(found) - MOST_NAMED} more" if len(found) > MOST_NAMED else ""
    return (
        f"{told}: name a port with --port. It listens on {names}{more}"
        if found
        else f"{told} without listeners"
    )
