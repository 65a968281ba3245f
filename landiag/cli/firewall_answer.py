"""What ``landiag firewall`` answers, printed; imported while the machine is being read."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

import typer
from msgspec.structs import replace

from landiag.cli.outputs import Stop
from landiag.firewall.command import Judged, exit_status, judge_packets, write_json, write_table
from landiag.firewall.engine.surroundings import Surroundings
from landiag.firewall.owners import find_owner
from landiag.firewall.packets import parse_packets
from landiag.firewall.saved import is_recording, parse_saved
from landiag.firewall.saved_file import SavedFile
from landiag.gather import gather
from landiag.host import RecordedHost, Recorder, parse_recording
from landiag.host.nft_text import read_nft_text
from landiag.journey.surroundings import HostSurroundings
from landiag.journey.ways import list_ways
from landiag.model.facts import ParseError, Unknown
from landiag.model.host import Facts
from landiag.model.packet import Packet
from landiag.model.ruleset import Ruleset, Verdict
from landiag.render.escape import escape_text


def answer(
    asked: Packet,
    machine: Recorder,
    files: Sequence[Path],
    packets: Path | None,
    deadline: float,
    *,
    as_json: bool,
    quiet: bool,
    verbose: bool,
) -> NoReturn:
    """Judge and print, and end with the exit status. ``machine`` is what is read where no ``files`` are given."""
    try:
        rules, judged = _judge(asked, machine, files, packets, deadline)
    except ParseError as error:
        raise Stop(str(error)) from error
    _finish(rules, judged, as_json=as_json, quiet=quiet, verbose=verbose)


def _judge(
    asked: Packet, machine: Recorder, files: Sequence[Path], packets: Path | None, deadline: float
) -> tuple[Ruleset, tuple[Judged, ...]]:
    rules, facts = read_saved(files, machine, deadline)
    if facts is None:
        return rules, judge_packets(rules, _packets(packets, asked))
    return _judge_machine(asked, facts, packets)


def read_saved(files: Sequence[Path], machine: Recorder, deadline: float) -> tuple[Ruleset, Facts | None]:
    """The rules to judge by: those of saved files, else those of a machine (recorded or this one), whose facts too.

    Raises ParseError where a file cannot be used, and stops where the machine's rules could not be read.
    """
    saved = [SavedFile(str(file), _read_bytes(file)) for file in files]
    recordings = [file for file in saved if is_recording(file.data)]
    if saved and not recordings:
        return parse_saved(saved, read_nft_text), None
    if recordings:
        machine = Recorder(RecordedHost(parse_recording(_decode(recordings[0].data)).readings))
        deadline = float("inf")
    facts = gather(machine, deadline)[1]
    if isinstance(facts.ruleset, Unknown):
        raise Stop(f"the firewall could not be read: {facts.ruleset.reason}", 3)
    return facts.ruleset, facts


def _decode(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _judge_machine(asked: Packet, facts: Facts, packets: Path | None) -> tuple[Ruleset, tuple[Judged, ...]]:
    """Judge by the rules of a whole machine, this one or a recorded one: its routes and addresses are known."""
    assert not isinstance(facts.ruleset, Unknown)
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
            sys.stdout.write(_describe(rules, one, quiet=quiet, verbose=verbose, is_only=len(judged) == 1))
    raise typer.Exit(exit_status(judged))


def _describe(rules: Ruleset, one: Judged, *, quiet: bool, verbose: bool, is_only: bool) -> str:
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
    if (verbose or is_only) and not quiet:
        lines += ["", write_table(told, whole=verbose), ""]
    return "\n".join(escape_text(line, keep="\n") for line in lines) + "\n"
