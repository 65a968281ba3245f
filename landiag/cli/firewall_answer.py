"""What ``landiag firewall`` answers, printed; imported while the machine is being read."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from msgspec import Struct
from msgspec.structs import replace

from landiag.cli.files.inputs import MOST_RULES, read_input
from landiag.cli.files.outputs import Stop, check_outputs, write_copy
from landiag.cli.files.redacting import Mask, unmasked
from landiag.collect.machine import MACHINE, parse_machine
from landiag.firewall.bulk import Bulk
from landiag.firewall.command import exit_status, write_json
from landiag.firewall.engine.surroundings import Surroundings
from landiag.firewall.saved import is_recording, parse_saved
from landiag.firewall.saved_file import SavedFile
from landiag.gather import check_interface, gather
from landiag.host import RecordedHost, Recorder, parse_recording
from landiag.host.nft_text import read_nft_text
from landiag.journey.surroundings import HostSurroundings
from landiag.journey.ways import list_ways
from landiag.model.facts import ParseError, Reading, ReadStatus, Unknown
from landiag.model.host import Facts
from landiag.model.packet import Packet
from landiag.model.ruleset import Ruleset, Verdict
from landiag.question import UsageError
from landiag.render.escape import escape_text
from landiag.render.firewall import render_said, tell_judged, tell_verdict
from landiag.render.style import Style
from landiag.render.typed import as_root

SUFFIXES = (".json", ".txt")
_FILE_WIDTH = 120


class Shown(Struct):
    """How the answer is shown: the terminal, the files that it is also written to; ``mask`` redacts it."""

    style: Style
    as_json: bool = False
    quiet: bool = False
    verbose: bool = False
    outputs: Sequence[Path] = ()
    force: bool = False
    mask: Mask = unmasked


def answer(
    asked: Packet, machine: Recorder, files: Sequence[Path], deadline: float, shown: Shown
) -> NoReturn:
    """Judge and print, and end with the exit status. ``machine`` is what is read where no ``files`` are given."""
    check_outputs(shown.outputs, force=shown.force)
    for file in shown.outputs:
        if file.suffix.lower() not in SUFFIXES:
            raise Stop(f"{file} cannot be written: its name must end in {' or '.join(SUFFIXES)}")
    try:
        asked, judge = open_judge(asked, machine, files, deadline)
    except ParseError as error:
        raise Stop(str(error)) from error
    judged = judge.whole(asked)

    def document() -> str:
        return (
            json.dumps(write_json(judge.ruleset, (judged,), redacted=shown.mask is not unmasked), indent=2)
            + "\n"
        )

    def said(style: Style, *, whole: bool) -> str:
        return render_said(shown.mask(tell_judged(judge.ruleset, judged, whole=whole)), style)

    for file in shown.outputs:
        is_json = file.suffix.lower() == ".json"
        text = shown.mask(document()) if is_json else said(Style(_FILE_WIDTH), whole=True)
        write_copy(file, text, force=shown.force)
    if shown.as_json:
        sys.stdout.write(shown.mask(document()))
    elif shown.quiet:
        sys.stdout.write(escape_text(shown.mask(tell_verdict(judged))) + "\n")
    else:
        sys.stdout.write(said(shown.style, whole=shown.verbose))
        if judged.told.verdict is Verdict.UNKNOWN and shown.mask is unmasked:
            sys.stdout.write(say_how_to_read(judge.ruleset, machine, shown.style))
    raise SystemExit(exit_status((judged,)))


def say_how_to_read(rules: Ruleset, machine: Recorder, style: Style) -> str:
    """The same command for root, where it takes one to read this machine's rules; nothing elsewhere."""
    readings = [machine.readings[gap.source] for gap in rules.gaps if gap.source in machine.readings]
    if not any(reading.status is ReadStatus.DENIED for reading in readings):
        return ""
    asking = parse_machine(machine.readings[MACHINE.name].text)
    if asking.info.privileged:
        return ""
    line = f"{as_root(asking.info)}{asking.landiag} {shlex.join(sys.argv[1:])}"
    return "\n".join(("", *style.typed("Find out:", line))) + "\n"


def open_judge(
    asked: Packet, machine: Recorder, files: Sequence[Path], deadline: float
) -> tuple[Packet, Bulk]:
    """The judge of the rules that are asked, and the packet with what its machine gives to it."""
    rules, facts = read_saved(files, machine, deadline)
    return (asked, Bulk(rules)) if facts is None else _judge_machine(asked, rules, facts)


def read_saved(files: Sequence[Path], machine: Recorder, deadline: float) -> tuple[Ruleset, Facts | None]:
    """The rules to judge by: those of saved files, else those of a machine (recorded or this one), whose facts too.

    ``machine`` has the files among its readings then. Raises ParseError where a file cannot be used, and
    stops where the machine's rules could not be read.
    """
    saved = [SavedFile(str(file), read_input(file, MOST_RULES, deadline)) for file in files]
    recordings = [file for file in saved if is_recording(file.data)]
    machine.readings.update({file.name: Reading(file.name, ReadStatus.OK, file.data) for file in saved})
    if saved and not recordings:
        return parse_saved(saved, read_nft_text), None
    if recordings:
        known = parse_recording(_decode(recordings[0].data)).readings
        machine.readings.update(known)
        machine = Recorder(RecordedHost(known))
        deadline = float("inf")
    facts = gather(machine, deadline)[1]
    if isinstance(facts.ruleset, Unknown):
        raise Stop(f"the firewall could not be read: {facts.ruleset.reason}", 3)
    return facts.ruleset, facts


def _decode(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def refuse_strange_interface(asked: Packet, facts: Facts) -> None:
    """Stop where the machine has no interface by which the packet is said to come in."""
    try:
        check_interface(asked.in_interface, facts)
    except UsageError as error:
        raise Stop(str(error)) from error


def _judge_machine(asked: Packet, rules: Ruleset, facts: Facts) -> tuple[Packet, Bulk]:
    """Judge by the rules of a whole machine, this one or a recorded one: its routes and addresses are known."""
    refuse_strange_interface(asked, facts)
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
