"""``landiag serve``: a page with a QR code that turns any phone into the second vantage point."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from threading import Event
from types import FrameType
from typing import Annotated

import typer

from landiag.cli.arguments import parse_own_address, parse_port, parse_server
from landiag.cli.files.outputs import Stop, check_outputs, finish, render_for
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
from landiag.model.report import Report, Status, Target
from landiag.question import Question, UsageError
from landiag.render.advice import fix_lines
from landiag.render.escape import escape_text
from landiag.render.style import Style
from landiag.render.terminal import render_verdict
from landiag.terminal import terminal_style

_ASKS = {
    "win32": "Windows will ask whether Python may be reached: allow it for private networks. Cancelling writes rules"
    " that block this Python from then on (landiag check would name them).",
    "darwin": "macOS may ask whether Python may accept incoming connections: allow it, or phones are kept out.",
}


def serve(
    where: Annotated[str | None, typer.Argument(help="The server's port, or its URL.")] = None,
    port: Annotated[str | None, port_option("The server's port, which phones try. [default: 5000]")] = None,
    page_port: Annotated[
        str | None,
        typer.Option(help="The page's own port. [default: the first free one from 8780 on]"),
    ] = None,
    to: Annotated[str | None, typer.Option(help="The address of this machine that phones use.")] = None,
    duration: Annotated[
        float, seconds_option("--duration", "Seconds until it stops by itself.", least=1.0)
    ] = 600.0,
    timeout: Annotated[
        float | None,
        seconds_option("--timeout", "Seconds for the whole command; the shorter of both counts.", least=1.0),
    ] = None,
    as_json: JsonFlag = False,
    output: OutputFiles = None,
    redact: RedactFlag = False,
    force: ForceFlag = False,
    quiet: QuietFlag = False,
    verbose: VerboseFlag = False,
    no_color: NoColorFlag = False,
) -> None:
    """Show a page that lets any phone try your server, and say what each phone met.

    Example: landiag serve --port 5000
    """
    files = tuple(output or ())
    check_outputs(files, force=force)
    for file in files:
        render_for(file)
    asked = parse_server(where, port, "auto", "/")
    question = Question(
        Target(asked.port, address=parse_own_address(to) or asked.address, scheme=asked.scheme)
    )
    wanted = parse_port(page_port) if page_port else None
    if wanted == asked.port:
        raise Stop(f"{wanted} is the server's own port, and the page never takes that: name another, or none")
    report = _serve(question, wanted, min(duration, timeout or duration), is_quiet=quiet, redact=redact)
    if redact:
        from landiag.cli.files.redacting import redact_alone

        report = redact_alone(report)
    finish(
        report, files, as_json=as_json, quiet=quiet, verbose=verbose, no_color=no_color, force=force
    )  # fmt: skip


def _serve(
    question: Question, wanted: int | None, duration: float, *, is_quiet: bool, redact: bool
) -> Report:
    from landiag.web.serve.run import Asked, PageRun

    def say(text: str) -> None:
        if not is_quiet:
            sys.stderr.write(escape_text(text, keep="\n") + "\n")
            sys.stderr.flush()

    def say_device(text: str) -> None:
        if not redact:  # all names are known at the end only: the report has them, masked
            say(text)

    if sys.platform in _ASKS:
        say(_ASKS[sys.platform])
    try:
        run = PageRun(Asked(question, wanted, duration), say_device)
    except UsageError as error:
        raise Stop(str(error)) from error
    except OSError as error:
        raise Stop(
            f"the page cannot listen: {error.strerror} (choose another port with --page-port)"
        ) from error
    _stop_by_signals(run.stop)
    served = run.served
    if not redact:
        say_verdict(run.base, run.page_check, say)
    if not served.phone_urls:
        say("This machine has no address that phones could use: connect it to a network first.")
    else:
        if not is_quiet:
            show_code(served.phone_urls[0])
        _say_urls(served.phone_urls, say, redact=redact)
    say(f"On this computer:   {served.owner_url}")
    lasts = f"{duration / 60:.0f} minutes" if duration >= 120 else f"{duration:.0f} seconds"
    say(f"It ends by itself after {lasts}, or by Ctrl-C.")
    return run.run()


def say_verdict(base: Report, of_page: Report, say: Callable[[str], None]) -> None:
    """Say what is known before any phone has come: the verdict, its fix, and what keeps phones from the page."""
    style = Style(terminal_style(no_color=True).width)
    say("\n".join([render_verdict(base, style).rstrip(), *fix_lines(base, style), ""]))
    if of_page.verdict.status is Status.BLOCKED:
        intro = f"This page (port {of_page.target.port}) is blocked too, so phones can't open it."
        say("\n".join([*style.wrap(intro), *fix_lines(of_page, style), ""]))


def _say_urls(urls: tuple[str, ...], say: Callable[[str], None], *, redact: bool) -> None:
    if redact:
        say("The phone's URL is in the code only, and devices are named at the end, masked (--redact).")
        return
    say(f"On the phone open: {urls[0]}")
    for other in urls[1:4]:
        say(f"              or: {other}")


def _stop_by_signals(stop: Event) -> None:
    def handle(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the signature of a handler
        stop.set()

    signal.signal(signal.SIGINT, handle)
    signal.signal(signal.SIGTERM, handle)


_WHITE_ON_BLACK = "\x1b[38;5;231;48;5;16m"
"""The blocks are the light modules, whatever the colours of the terminal are: readers stand gaps between those, as
terminals leave them, better than gaps between dark ones."""


def show_code(url: str) -> None:
    """Show the QR code on the terminal in its own colours, where its characters can be shown."""
    import io

    import segno

    try:
        "█▀▄".encode(sys.stderr.encoding or "ascii")
    except UnicodeEncodeError:
        return
    drawn = io.StringIO()
    segno.make(url, micro=False, error="l").terminal(drawn, compact=True, border=4)
    before, after = (_WHITE_ON_BLACK, "\x1b[0m") if sys.stderr.isatty() else ("", "")
    sys.stderr.write("".join(f"{before}{line}{after}\n" for line in drawn.getvalue().splitlines()))
    sys.stderr.flush()
