"""``landiag firewall``: what a firewall does with one packet or many, and which rule decides."""

from __future__ import annotations

from ipaddress import ip_address, ip_interface
from pathlib import Path
from typing import Annotated

import typer

from landiag.cli import completing
from landiag.cli.arguments import DEFAULT_PORT, parse_port
from landiag.cli.early import begin_reading
from landiag.cli.files.outputs import Stop
from landiag.cli.files.redacting import masking, tell_redacted, unmasked
from landiag.cli.options import (
    ForceFlag,
    JsonFlag,
    NoColorFlag,
    QuietFlag,
    RedactFlag,
    TimeoutSeconds,
    VerboseFlag,
    interface_option,
    port_option,
)
from landiag.cli.timeouts import bounded
from landiag.host import live_recorder
from landiag.model.facts import IPAddress
from landiag.model.packet import Packet
from landiag.terminal import terminal_style

PROTOCOLS = ("tcp", "udp")
PROFILES = ("private", "public", "domain")


def firewall(
    port: Annotated[str | None, port_option("The port. [default: 5000]")] = None,
    source: Annotated[
        str | None,
        typer.Option("--from", help="The client; without it, ordinary ones. With --all a network."),
    ] = None,
    to: Annotated[str | None, typer.Option("--to", help="The address of the server's machine.")] = None,
    in_interface: Annotated[
        str | None, interface_option("The interface where packets come in.", "--in")
    ] = None,
    protocol: Annotated[
        str | None,
        typer.Option(
            autocompletion=completing.one_of("tcp", "udp"), help="tcp or udp. [default: tcp; with --all both]"
        ),
    ] = None,
    ruleset: Annotated[
        list[Path] | None,
        typer.Option("--ruleset", help="A saved ruleset instead of this machine's (repeatable)."),
    ] = None,
    packets: Annotated[Path | None, typer.Option(help="Packets, one JSON object a line.")] = None,
    program: Annotated[
        str | None, typer.Option(help="The listening program, for rules about programs.")
    ] = None,
    profile: Annotated[
        str | None,
        typer.Option(
            autocompletion=completing.one_of(*PROFILES),
            help="Windows: private, public or domain.",
        ),
    ] = None,
    interface_address: Annotated[
        list[str] | None,
        typer.Option(help="An address of the machine with its prefix, 192.168.1.20/24 (repeatable)."),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="All packets at once: which sources reach which ports.")
    ] = False,
    output: Annotated[
        list[Path] | None,
        typer.Option(help="Also write the answer to this file (.json, .txt; with --all .html); repeatable."),
    ] = None,
    jsonl: Annotated[bool, typer.Option("--jsonl", help="With --packets: one JSON object a line.")] = False,
    trace: Annotated[bool, typer.Option("--trace", help="With --packets: the trace of each, too.")] = False,
    force: ForceFlag = False,
    as_json: JsonFlag = False,
    redact: RedactFlag = False,
    quiet: QuietFlag = False,
    verbose: VerboseFlag = False,
    no_color: NoColorFlag = False,
    timeout: TimeoutSeconds = 60.0,
) -> None:
    """Say what the firewall does with a client's conversation, and which rule decides.

    Examples: landiag firewall --port 5000; landiag firewall --ruleset rules.v4 --packets tests.jsonl
    """
    _check_word("--protocol", protocol, PROTOCOLS)
    _check_word("--profile", profile, PROFILES)
    if everything and packets is not None:
        raise Stop("--all judges every packet there is: leave --packets out")
    asked = Packet(
        destination_port=parse_port(port) if port and not everything else DEFAULT_PORT,
        protocol=protocol or "tcp",
        source=None if everything else _parse_address("--from", source),
        destination=_parse_address("--to", to),
        in_interface=in_interface,
        program=program,
        profile=profile,
        interface_addresses=tuple(map(_parse_interface, interface_address or ())),
    )
    style = terminal_style(no_color=no_color)
    if redact and not (as_json or jsonl):
        tell_redacted()
    with bounded(timeout) as deadline, live_recorder(deadline) as machine:
        mask = masking(machine) if redact else unmasked
        if not ruleset:
            begin_reading(machine)
        if everything:
            from landiag.cli.firewall_all import answer_all, want

            protocols = PROTOCOLS if protocol is None else (protocol,)
            wanted = want(
                asked, protocols, port, source, output or (),
                force=force, as_json=as_json, quiet=quiet, style=style, mask=mask,
            )  # fmt: skip
            answer_all(wanted, machine, ruleset or (), deadline)
        if packets is not None:
            from landiag.cli.firewall_packets import Shown, answer_packets

            if output:
                raise Stop("--packets prints its answers: send them into a file with >")
            lines = Shown(as_json, jsonl, verbose or trace, quiet, style, mask)
            answer_packets(packets, asked, machine, ruleset or (), deadline, lines)
        from landiag.cli import firewall_answer

        shown = firewall_answer.Shown(style, as_json, quiet, verbose, output or (), force, mask)
        firewall_answer.answer(asked, machine, ruleset or (), deadline, shown)


def _check_word(option: str, word: str | None, known: tuple[str, ...]) -> None:
    """Stop for a word that is none of those that the option knows."""
    if word not in (None, *known):
        raise Stop(f"{option} {word} is not known: choose {' or '.join(known)}")


def _parse_interface(text: str) -> str:
    try:
        ip_interface(text)
    except ValueError as error:
        more = "write it with its prefix, for example 192.168.1.20/24"
        raise Stop(f"--interface-address {text} is not an address: {more}") from error
    return text


def _parse_address(option: str, text: str | None) -> IPAddress | None:
    if text is None:
        return None
    try:
        return ip_address(text)
    except ValueError as error:
        raise Stop(f"{option} {text} is not an IP address") from error
