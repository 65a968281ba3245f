"""What ``landiag firewall`` answers, printed; imported while the machine is being read."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

import typer
from msgspec.structs import replace

from landiag.cli.inputs import MOST_RULES, read_input
from landiag.cli.outputs import Stop
from landiag.firewall.bulk import Bulk
from landiag.firewall.command import Judged, exit_status, write_json, write_table
from landiag.firewall.engine.surroundings import Surroundings
from landiag.firewall.owners import find_owner
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
    deadline: float,
    *,
    as_json: bool,
    quiet: bool,
    verbose: bool,
) -> NoReturn:
    """Judge and print, and end with the exit status. ``machine`` is what is read where no ``files`` are given."""
    try:
        asked, judge = open_judge(asked, machine, files, deadline)
    except ParseError as error:
        raise Stop(str(error)) from error
    judged = judge.whole(asked)
    if as_json:
        sys.stdout.write(json.dumps(write_json(judge.ruleset, (judged,)), indent=2) + "\n")
    else:
        sys.stdout.write(describe(judge.ruleset, judged, with_trace=not quiet, whole=verbose))
    raise typer.Exit(exit_status((judged,)))


def open_judge(
    asked: Packet, machine: Recorder, files: Sequence[Path], deadline: float
) -> tuple[Packet, Bulk]:
    """The judge of the rules that are asked, and the packet with what its machine gives to it."""
    rules, facts = read_saved(files, machine, deadline)
    return (asked, Bulk(rules)) if facts is None else _judge_machine(asked, rules, facts)


def read_saved(files: Sequence[Path], machine: Recorder, deadline: float) -> tuple[Ruleset, Facts | None]:
    """The rules to judge by: those of saved files, else those of a machine (recorded or this one), whose facts too.

    Raises ParseError where a file cannot be used, and stops where the machine's rules could not be read.
    """
    saved = [SavedFile(str(file), read_input(file, MOST_RULES, deadline)) for file in files]
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


def _judge_machine(asked: Packet, rules: Ruleset, facts: Facts) -> tuple[Packet, Bulk]:
    """Judge by the rules of a whole machine, this one or a recorded one: its routes and addresses are known."""
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

    return asked, Bulk(rules, around, None if way is None else way.network, own)


def describe(rules: Ruleset, one: Judged, *, with_trace: bool, whole: bool) -> str:
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
    if with_trace:
        lines += ["", write_table(told, whole=whole), ""]
    return "\n".join(escape_text(line, keep="\n") for line in lines) + "\n"
