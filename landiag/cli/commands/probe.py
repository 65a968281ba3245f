"""``landiag probe``: its command line. What it does stands in ``cli/probing.py``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

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
    seconds_option,
)
from landiag.cli.probing import ProbeOptions, run_probe


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
    timeout: Annotated[float | None, seconds_option("--timeout", "Seconds for the whole command.")] = None,
    quiet: QuietFlag = False,
    verbose: VerboseFlag = False,
    no_color: NoColorFlag = False,
) -> None:
    """Say what stands between this machine and a server; run it on the client that fails.

    Examples: landiag probe 192.168.1.20 --port 5000; landiag probe http://shop.local:8000/;
    landiag probe 192.168.1.0/24
    """
    run_probe(
        ProbeOptions(
            target=target,
            port=tuple(port or ()),
            interface=interface,
            ipv4=ipv4,
            ipv6=ipv6,
            icmp=icmp,
            scheme=scheme,
            path=path,
            host_header=host_header,
            yes=yes,
            as_json=as_json,
            output=tuple(output or ()),
            redact=redact,
            save=save,
            force=force,
            timeout=timeout,
            quiet=quiet,
            verbose=verbose,
            no_color=no_color,
        )
    )
