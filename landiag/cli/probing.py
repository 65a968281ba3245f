"""What ``landiag probe`` does, its command line being read."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from landiag.cli.arguments import check_scheme, default_port
from landiag.cli.files.outputs import Stop, check_outputs, finish, render_for, write_copy
from landiag.cli.files.redacting import redact_both
from landiag.host import Recording, live_recorder, render_recording
from landiag.model.facts import Family
from landiag.model.report import Report, Target
from landiag.probe.target import Request, UsageError, options_of, parse_request
from landiag.render.escape import escape_text
from landiag.terminal import show_passing
from landiag.version import __version__
from landiag.wire.progress import METER


class ProbeOptions(Struct, frozen=True, kw_only=True):
    """The command line of ``probe``; what each means stands in ``cli/commands/probe.py``."""

    target: str
    port: tuple[str, ...] = ()
    interface: str | None = None
    ipv4: bool = False
    ipv6: bool = False
    icmp: bool = True
    scheme: str | None = None
    path: str | None = None
    host_header: str | None = None
    yes: bool = False
    as_json: bool = False
    output: tuple[Path, ...] = ()
    redact: bool = False
    save: Path | None = None
    force: bool = False
    timeout: float | None = None
    quiet: bool = False
    verbose: bool = False
    no_color: bool = False


def run_probe(options: ProbeOptions) -> None:
    """Ask the server, print, save, and end with the verdict's status. Stops for what makes no sense."""
    saved = (options.save,) if options.save else ()
    check_outputs((*options.output, *saved), force=options.force)
    for file in options.output:
        render_for(file)
    try:
        request = _request(options)
        seconds = options.timeout or (10.0 if _is_single(request) else 120.0)
        report, recording = _probe(request, seconds, shows_names=not options.redact)
    except UsageError as error:
        raise Stop(str(error)) from error
    if options.redact:
        report, recording = redact_both(report, recording)
    if options.save is not None:
        write_copy(options.save, render_recording(recording), force=options.force)
    finish(
        report,
        options.output,
        as_json=options.as_json,
        quiet=options.quiet,
        verbose=options.verbose,
        no_color=options.no_color,
        force=options.force,
    )


def _request(options: ProbeOptions) -> Request:
    """What is asked for: the target, and what the options say beside it. Stops for what makes no sense."""
    _check_parts(options)
    request = parse_request(options.target, options.port, yes=options.yes)
    return replace(
        request,
        default_port=request.default_port if request.ports else default_port(),
        scheme=options.scheme or request.scheme,
        path=options.path or request.path,
        host=options.host_header or request.host,
        interface=options.interface or request.interface,
        family=_family(options.ipv4, options.ipv6),
        icmp=options.icmp,
    )


def _check_parts(options: ProbeOptions) -> None:
    if options.scheme is not None:
        check_scheme(options.scheme)
    if options.path is not None and not options.path.startswith("/"):
        raise Stop(f"--path {options.path} must begin with a slash, for example /{options.path}")
    for option, value in (("--path", options.path), ("--host-header", options.host_header)):
        if value is not None and not value.isprintable():
            raise Stop(f"{option} {value!r} holds characters that no request may hold: leave them out")


def _family(ipv4: bool, ipv6: bool) -> Family | None:
    if ipv4 and ipv6:
        raise Stop("--ipv4 and --ipv6 exclude each other: leave both out to try both")
    return Family.IPV4 if ipv4 else Family.IPV6 if ipv6 else None


def _is_single(request: Request) -> bool:
    return request.network is None and len(request.ports) <= 1


def _probe(request: Request, timeout: float, *, shows_names: bool) -> tuple[Report, Recording]:
    deadline = time.monotonic() + timeout
    METER.listener = progress = _progress(shows_names=shows_names)
    with live_recorder(deadline) as recorder:
        from landiag.probing import begin_asking, run

        begin_asking(request, recorder)
        report = run(request, recorder, deadline, progress)
    target = Target(port=request.port)
    return report, Recording(target, report.created, __version__, recorder.readings, options_of(request))


def _progress(*, shows_names: bool) -> Callable[[str], None]:
    """Say on a terminal what is being waited for, on one line that the next one replaces."""
    if not (sys.stderr.isatty() and shows_names):
        return lambda _: None
    return lambda text: show_passing(escape_text(text))
