"""``landiag firewall``: what a firewall does with one packet or many, and which rule decides."""

from __future__ import annotations

import json
import sys
import time
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from msgspec.structs import replace

from landiag.cli.arguments import DEFAULT_PORT, parse_port
from landiag.cli.outputs import JsonFlag, QuietFlag, Stop, TimeoutSeconds, VerboseFlag
from landiag.firewall.ask import parse_packets
from landiag.firewall.command import Judged, exit_status, judge_packets, write_json, write_table
from landiag.firewall.owners import find_owner
from landiag.firewall.saved import SavedFile, is_recording, parse_saved
from landiag.firewall.surroundings import Surroundings
from landiag.host.nft_text import read_nft_text
from landiag.model.facts import Facts, IPAddress, ParseError, Unknown
from landiag.model.packet import Packet
from landiag.model.ruleset import Ruleset, Verdict
from landiag.render.escape import escape_text

PROTOCOLS = ("tcp", "udp")


def firewall(
    port: Annotated[str | None, typer.Option("--port", "-p", help="The port. [default: 5000]")] = None,
    source: Annotated[
        str | None, typer.Option("--from", help="The client; without it, ordinary ones.")
    ] = None,
    to: Annotated[str | None, typer.Option("--to", help="The address of the server's machine.")] = None,
    in_interface: Annotated[
        str | None, typer.Option("--in", help="The interface where packets come in.")
    ] = None,
    protocol: Annotated[str, typer.Option(help="tcp or udp.")] = "tcp",
    ruleset: Annotated[
        list[Path] | None,
        typer.Option("--ruleset", help="A saved ruleset instead of this machine's (repeatable)."),
    ] = None,
    packets: Annotated[Path | None, typer.Option(help="Packets, one JSON object a line.")] = None,
    program: Annotated[
        str | None, typer.Option(help="The listening program, for rules about programs.")
    ] = None,
    profile: Annotated[str | None, typer.Option(help="Windows: private, public or domain.")] = None,
    interface_address: Annotated[
        list[str] | None,
        typer.Option(help="An address of the machine with its prefix, 192.168.1.20/24 (repeatable)."),
    ] = None,
    as_json: JsonFlag = False,
    quiet: QuietFlag = False,
    verbose: VerboseFlag = False,
    timeout: TimeoutSeconds = 10.0,
) -> None:
    """Say what the firewall does with a client's conversation, and which rule decides.

    Examples: landiag firewall --port 5000; landiag firewall --ruleset rules.v4 --packets tests.jsonl
    """
    if protocol not in PROTOCOLS:
        raise Stop(f"--protocol {protocol} is not known: choose tcp or udp")
    asked = Packet(
        destination_port=parse_port(port) if port else DEFAULT_PORT,
        protocol=protocol,
        source=_parse_address("--from", source),
        destination=_parse_address("--to", to),
        in_interface=in_interface,
        program=program,
        profile=profile,
        interface_addresses=tuple(interface_address or ()),
    )
    try:
        rules, judged = _judge(asked, ruleset or [], packets, time.monotonic() + timeout)
    except ParseError as error:
        raise Stop(str(error)) from error
    _finish(rules, judged, as_json=as_json, quiet=quiet, verbose=verbose)


def _parse_address(option: str, text: str | None) -> IPAddress | None:
    if text is None:
        return None
    try:
        return ip_address(text)
    except ValueError as error:
        raise Stop(f"{option} {text} is not an IP address") from error


def _judge(
    asked: Packet, files: list[Path], packets: Path | None, deadline: float
) -> tuple[Ruleset, tuple[Judged, ...]]:
    saved = [SavedFile(str(file), _read_bytes(file)) for file in files]
    recordings = [file for file in saved if is_recording(file.data)]
    if saved and not recordings:
        rules = parse_saved(saved, read_nft_text)
        return rules, judge_packets(rules, _packets(packets, asked))
    return _judge_machine(asked, recordings, packets, deadline)


def _judge_machine(
    asked: Packet, recordings: list[SavedFile], packets: Path | None, deadline: float
) -> tuple[Ruleset, tuple[Judged, ...]]:
    """Judge by the rules of a whole machine, this one or a recorded one: its routes and addresses are known."""
    from landiag.journey import HostSurroundings
    from landiag.ways import list_ways

    facts = _gather(recordings, deadline)
    if isinstance(facts.ruleset, Unknown):
        raise Stop(f"the firewall could not be read: {facts.ruleset.reason}", 3)
    ways = list_ways(facts)
    way = next((one for one in ways if asked.destination in (None, one.ip)), ways[0] if ways else None)
    own = (
        ()
        if isinstance(facts.interfaces, Unknown)
        else tuple(address.ip for interface in facts.interfaces for address in interface.addresses)
    )
    if way is not None:
        asked = replace(
            asked,
            destination=asked.destination or way.ip,
            in_interface=asked.in_interface or way.interface.name,
        )

    def around(packet: Packet) -> Surroundings:
        return HostSurroundings(facts, packet)

    network = way.network if way is not None else None
    return facts.ruleset, judge_packets(facts.ruleset, _packets(packets, asked), around, network, own)


def _gather(recordings: list[SavedFile], deadline: float) -> Facts:
    from landiag.diagnose import gather
    from landiag.host import LiveHost, RecordedHost, Recorder, parse_recording

    if recordings:
        text = recordings[0].data.decode("utf-8", "surrogateescape")
        return gather(Recorder(RecordedHost(parse_recording(text).readings)), float("inf"))[1]
    host = LiveHost(deadline)
    try:
        return gather(Recorder(host), deadline)[1]
    finally:
        host.close()


def _packets(file: Path | None, asked: Packet) -> tuple[Packet, ...]:
    if file is None:
        return (asked,)
    try:
        return parse_packets(_read_bytes(file).decode("utf-8", "backslashreplace"), asked)
    except ParseError as error:
        raise ParseError(f"{file}: {error}") from error


def _read_bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise Stop(f"{file} could not be read: {error.strerror}") from error


def _finish(
    rules: Ruleset, judged: tuple[Judged, ...], *, as_json: bool, quiet: bool, verbose: bool
) -> NoReturn:
    if as_json:
        sys.stdout.write(json.dumps(write_json(rules, judged), indent=2) + "\n")
    else:
        for one in judged:
            sys.stdout.write(_describe(rules, one, quiet=quiet, verbose=verbose or len(judged) == 1))
    raise typer.Exit(exit_status(judged))


def _describe(rules: Ruleset, one: Judged, *, quiet: bool, verbose: bool) -> str:
    """Say the verdict, the rule that decides, who fares otherwise, and the trace."""
    packet, told = one.packet, one.told
    who = packet.source or "ordinary clients"
    where = f"{packet.protocol} port {packet.destination_port}"
    kind = f" ({told.reject_with})" if told.reject_with else ""
    lines = [f"{told.verdict.value.upper()}{kind}: {who} to {packet.destination or 'this machine'}, {where}"]
    if told.decided_by is not None and told.verdict is not Verdict.ACCEPT:
        owner = find_owner(rules, told.decided_by, told.lines)
        lines.append(f"  decided by {owner.text}: {told.decided_by.rule_text}")
    lines += [f"  may hang on: {line.rule_text}" for line in told.unknown[:5]]
    for group in one.others:
        first = group.pieces[0]
        span = str(first.first) if first.size == 1 else f"{first.first} to {first.last}"
        lines.append(f"  {group.told.verdict.value} for {span} ({group.size} addresses)")
    if verbose and not quiet:
        lines += ["", write_table(told), ""]
    return "\n".join(escape_text(line, keep="\n") for line in lines) + "\n"
