"""``landiag probe``: what stands between this machine and a server."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from msgspec.structs import replace

from landiag.cli.arguments import check_scheme, default_port
from landiag.cli.options import (
    ForceFlag,
    JsonFlag,
    NoColorFlag,
    OutputFiles,
    QuietFlag,
    RedactFlag,
    VerboseFlag,
    interface_option,
    port_option,
    scheme_option,
)
from landiag.cli.outputs import Stop, check_outputs, finish, render_for, write_file
from landiag.cli.redacting import redact_both
from landiag.host import LiveHost, Recorder, Recording, render_recording
from landiag.model.facts import Family
from landiag.model.report import Report, Target
from landiag.probe.target import Request, UsageError, options_of, parse_request
from landiag.render.escape import escape_text
from landiag.terminal import show_passing
from landiag.version import __version__
from landiag.wire.progress import METER


def probe(
    target: Annotated[
        str, typer.Argument(help="An address, a name, a URL, or a network such as 192.168.1.0/24.")
    ],
    port: Annotated[list[str] | None, port_option("Ports: 5000, 8000-8010, or several; repeatable.")] = None,
    interface: Annotated[str | None, interface_option("Leave by this network interface.")] = None,
    ipv4: Annotated[bool, typer.Option("--ipv4", "-4", help="Only IPv4 addresses of a name.")] = False,
    ipv6: Annotated[bool, typer.Option("--ipv6", "-6", help="Only IPv6 addresses of a name.")] = False,
    icmp: Annotated[bool, typer.Option("--icmp/--no-icmp", help="Whether to ping.")] = True,
    scheme: Annotated[str | None, scheme_option()] = None,
    path: Annotated[str | None, typer.Option(help="The path to ask for.")] = None,
    host_header: Annotated[str | None, typer.Option(help="The Host header to send.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Search large networks too.")] = False,
    as_json: JsonFlag = False,
    output: OutputFiles = None,
    redact: RedactFlag = False,
    save: Annotated[Path | None, typer.Option(help="Save a recording of everything that was asked.")] = None,
    force: ForceFlag = False,
    timeout: Annotated[
        float | None, typer.Option("--timeout", min=0.1, help="Seconds for the whole command.")
    ] = None,
    quiet: QuietFlag = False,
    verbose: VerboseFlag = False,
    no_color: NoColorFlag = False,
) -> None:
    """Say what stands between this machine and a server; run it on the client that fails.

    Examples: landiag probe 192.168.1.20 --port 5000; landiag probe http://shop.local:8000/;
    landiag probe 192.168.1.0/24
    """
    files = tuple(output or ())
    check_outputs((*files, *([save] if save else [])), force=force)
    for file in files:
        render_for(file)
    try:
        request = _request(target, tuple(port or ()), yes)
        request = _with_options(request, scheme, path, host_header, interface)
        request = replace(request, family=_family(ipv4, ipv6), icmp=icmp)
        report, recording = _probe(
            request, timeout or (10.0 if _is_single(request) else 120.0), shows_names=not redact
        )
    except UsageError as error:
        raise Stop(str(error)) from error
    if redact:
        report, recording = redact_both(report, recording)
    if save is not None:
        write_file(save, render_recording(recording), force=force)
    finish(report, files, as_json=as_json, quiet=quiet, verbose=verbose, no_color=no_color, force=force)


def _request(target: str, ports: tuple[str, ...], yes: bool) -> Request:
    request = parse_request(target, ports, yes=yes)
    return request if request.ports else replace(request, default_port=default_port())


def _with_options(
    request: Request, scheme: str | None, path: str | None, host: str | None, interface: str | None
) -> Request:
    """The request with what the options say beside the URL. Stops for what makes no sense."""
    if scheme is not None:
        check_scheme(scheme)
    if path is not None and not path.startswith("/"):
        raise Stop(f"--path {path} must begin with a slash, for example /{path}")
    for option, value in (("--path", path), ("--host-header", host)):
        if value is not None and not value.isprintable():
            raise Stop(f"{option} {value!r} holds characters that no request may hold: leave them out")
    return replace(
        request,
        scheme=scheme or request.scheme,
        path=path or request.path,
        host=host or request.host,
        interface=interface or request.interface,
    )


def _family(ipv4: bool, ipv6: bool) -> Family | None:
    if ipv4 and ipv6:
        raise Stop("--ipv4 and --ipv6 exclude each other: leave both out to try both")
    return Family.IPV4 if ipv4 else Family.IPV6 if ipv6 else None


def _is_single(request: Request) -> bool:
    return request.network is None and len(request.ports) <= 1


def _probe(request: Request, timeout: float, *, shows_names: bool) -> tuple[Report, Recording]:
    deadline = time.monotonic() + timeout
    host, progress = LiveHost(deadline), _progress(shows_names=shows_names)
    METER.listener = progress
    recorder = Recorder(host)
    try:
        from landiag.probing import begin_asking, run

        begin_asking(request, recorder)
        report = run(request, recorder, deadline, progress)
    finally:
        host.close()
    target = Target(port=request.port)
    return report, Recording(target, report.created, __version__, recorder.readings, options_of(request))


def _progress(*, shows_names: bool) -> Callable[[str], None]:
    """Say on a terminal what is being waited for, on one line that the next one replaces."""
    if not (sys.stderr.isatty() and shows_names):
        return lambda _: None
    return lambda text: show_passing(escape_text(text))
