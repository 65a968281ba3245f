"""What ``landiag firewall --packets`` answers: packet by packet, as they are read; memory does not grow with them."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from io import StringIO
from pathlib import Path
from typing import Any, BinaryIO, NoReturn, TextIO

import msgspec
from msgspec import Struct

from landiag.cli.files.inputs import MOST_RULES, open_again
from landiag.cli.files.outputs import Stop
from landiag.cli.files.redacting import Mask, unmasked
from landiag.cli.firewall_answer import open_judge
from landiag.firewall.bulk import Bulk
from landiag.firewall.command import SCHEMA, judged_json
from landiag.firewall.packets import parse_packets
from landiag.host import Recorder
from landiag.model.facts import ParseError
from landiag.model.packet import Packet
from landiag.model.ruleset import Verdict
from landiag.render.escape import escape_text
from landiag.render.firewall import Said, render_said, tell_judged
from landiag.render.style import Style


class Shown(Struct):
    """How the answers are shown."""

    as_json: bool = False
    as_lines: bool = False
    with_trace: bool = False
    quiet: bool = False
    style: Style = Style()
    mask: Mask = unmasked
    """What redacts the answers: it has to see all of them first."""


def answer_packets(
    file: Path, asked: Packet, machine: Recorder, files: Sequence[Path], deadline: float, shown: Shown
) -> NoReturn:
    """Judge the packets of a file and end with the exit status. Nothing is printed where a line cannot be used."""
    try:
        asked, judge = open_judge(asked, machine, files, deadline)
        with open_again(file, MOST_RULES, deadline) as stream:
            for _ in _packets(file, stream, asked):
                pass
            verdicts = _print(judge, _packets(file, stream, asked), shown)
    except ParseError as error:
        raise Stop(str(error)) from error
    if verdicts & {Verdict.DROP, Verdict.REJECT}:
        raise SystemExit(1)
    raise SystemExit(0 if verdicts == {Verdict.ACCEPT} else 3)


LONGEST = 1 << 16
"""The bytes of the longest line that can be one packet."""


def _packets(file: Path, stream: BinaryIO, defaults: Packet) -> Iterator[Packet]:
    """The packets of a file of JSON lines, one after the other. Raises ParseError naming the line."""
    try:
        yield from parse_packets(_lines(file, stream), defaults)
    except ParseError as error:
        raise ParseError(f"{file}: {error}") from error


def _lines(file: Path, stream: BinaryIO) -> Iterator[str]:
    """The lines of a file, from its beginning."""
    stream.seek(0)
    for number, line in enumerate(iter(lambda: stream.readline(LONGEST + 1), b""), 1):
        if len(line) > LONGEST:
            raise Stop(f"{file}: line {number} is longer than a packet can be")
        yield line.decode("utf-8", "backslashreplace")


def _print(judge: Bulk, packets: Iterator[Packet], shown: Shown) -> set[Verdict]:
    if not (shown.as_json or shown.as_lines):
        return _print_text(judge, packets, shown)
    if shown.mask is unmasked:
        return _write_json(judge, packets, shown, sys.stdout)
    kept = StringIO()
    verdicts = _write_json(judge, packets, shown, kept)
    sys.stdout.write(shown.mask(kept.getvalue()))
    return verdicts


def _write_json(judge: Bulk, packets: Iterator[Packet], shown: Shown, out: TextIO) -> set[Verdict]:
    encode = msgspec.json.Encoder().encode
    verdicts: set[Verdict] = set()
    if not shown.as_lines:
        redacted = json.dumps(shown.mask is not unmasked)
        out.write(f'{{"schema": "{SCHEMA}", "redacted": {redacted}, "packets": [\n')
    between = ""
    for packet in packets:
        verdict, document = _document(judge, packet, with_trace=shown.with_trace)
        out.write(between + encode(document).decode())
        between = "\n" if shown.as_lines else ",\n"
        verdicts.add(verdict)
    out.write("\n" if shown.as_lines else "\n]}\n")
    return verdicts


def _document(judge: Bulk, packet: Packet, *, with_trace: bool) -> tuple[Verdict, dict[str, Any]]:
    if not with_trace:
        brief = judge.judge(packet)
        return brief.verdict, brief.document
    judged = judge.whole(packet)
    return judged.told.verdict, judged_json(judge.ruleset, judged)


def _print_text(judge: Bulk, packets: Iterator[Packet], shown: Shown) -> set[Verdict]:
    told: Iterable[tuple[Verdict, Said | tuple[str, ...]]] = (_tell(judge, one, shown) for one in packets)
    if shown.mask is not unmasked:
        told = shown.mask(tuple(told))
    verdicts: set[Verdict] = set()
    for verdict, said in told:
        verdicts.add(verdict)
        if isinstance(said, Said):
            sys.stdout.write(render_said(said, shown.style))
        else:
            sys.stdout.writelines(f"{escape_text(line)}\n" for line in said)
    return verdicts


def _tell(judge: Bulk, packet: Packet, shown: Shown) -> tuple[Verdict, Said | tuple[str, ...]]:
    """What is said of a packet: with its way through the rules, or lines."""
    if shown.with_trace and not shown.quiet:
        judged = judge.whole(packet)
        return judged.told.verdict, tell_judged(judge.ruleset, judged, whole=True)
    brief = judge.judge(packet)
    document = brief.document
    asked, decided = document["packet"], document["decided_by"]
    kind = f" ({document['reject_with']})" if document["reject_with"] else ""
    who, where = asked["source"] or "ordinary clients", asked["destination"] or "this machine"
    port = f"{asked['protocol']} port {asked['destination_port']}"
    lines = [f"{brief.verdict.value.upper()}{kind}: {who} to {where}, {port}"]
    if decided is not None and brief.verdict is not Verdict.ACCEPT:
        verb = "may hang on" if brief.verdict is Verdict.UNKNOWN else f"decided by {decided['owner']}"
        lines.append(f"  {verb}: {decided['rule']}")
    others = document.get("others", ())
    lines += [f"  {group['verdict']} for {', '.join(group['clients'][:5])}" for group in others]
    return brief.verdict, tuple(lines)
