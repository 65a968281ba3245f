"""What ``landiag firewall --all`` answers: which sources reach which ports, printed or written."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from ipaddress import ip_network
from pathlib import Path
from typing import NoReturn

from msgspec import Struct

from landiag.cli.arguments import parse_port
from landiag.cli.files.outputs import UNDETERMINED, Stop, check_outputs, write_copy
from landiag.cli.files.redacting import Mask, unmasked
from landiag.cli.firewall_answer import read_saved, refuse_strange_interface, say_how_to_read
from landiag.firewall.engine.ranges import normal
from landiag.firewall.engine.spaces import MAX_PORT
from landiag.firewall.reach import render_page, write_reach
from landiag.firewall.regions import Regions, find_regions
from landiag.firewall.scope import Scope, narrowed
from landiag.host import Recorder
from landiag.journey.scope import machine_scope
from landiag.model.facts import IPNetwork, ParseError, Unknown
from landiag.model.host import Facts
from landiag.model.operands import Ranges
from landiag.model.packet import Packet
from landiag.model.ruleset import Ruleset, Verdict
from landiag.render.escape import escape_text
from landiag.render.style import Style

SUFFIXES = (".html", ".json", ".txt")


class Wanted(Struct):
    """What was asked for, and how it is to be shown."""

    packet: Packet
    protocols: tuple[str, ...]
    ports: Ranges | None
    sources: IPNetwork | None
    outputs: Sequence[Path] = ()
    force: bool = False
    as_json: bool = False
    quiet: bool = False
    style: Style = Style()
    mask: Mask = unmasked


def want(
    packet: Packet,
    protocols: tuple[str, ...],
    port: str | None,
    source: str | None,
    outputs: Sequence[Path],
    *,
    force: bool,
    as_json: bool,
    quiet: bool,
    style: Style,
    mask: Mask,
) -> Wanted:
    """Read what the options say. Stops with a sentence where one of them cannot be used."""
    ports = None if port is None else parse_ports(port)
    network = None if source is None else parse_network(source)
    return Wanted(packet, protocols, ports, network, outputs, force, as_json, quiet, style, mask)


def parse_ports(text: str) -> tuple[tuple[int, int], ...]:
    """Ports, ranges and lists of them: ``22,8000-8010``. Stops for anything else."""
    spans = []
    for word in text.split(","):
        low, dash, high = word.strip().partition("-")
        first = parse_port(low)
        last = parse_port(high) if dash else first
        if last < first:
            raise Stop(f"{word.strip()!r} is no range of ports: the first is higher than the last")
        spans.append((first, last))
    return normal(spans, MAX_PORT)


def parse_network(text: str) -> IPNetwork:
    """A network or an address. Stops for anything else."""
    try:
        return ip_network(text, strict=False)
    except ValueError as error:
        raise Stop(f"--from {text} is neither an address nor a network") from error


class Reached(Struct):
    """The answer: the rules, the regions, and who listens where that is known."""

    ruleset: Ruleset
    found: Regions
    listening: Mapping[int, str] | None = None


def answer_all(wanted: Wanted, machine: Recorder, files: Sequence[Path], deadline: float) -> NoReturn:
    """Find the regions, print and write them, and end with the exit status."""
    check_outputs(wanted.outputs, force=wanted.force)
    for file in wanted.outputs:
        if file.suffix.lower() not in SUFFIXES:
            raise Stop(f"{file} cannot be written: its name must end in {', '.join(SUFFIXES)}")
    try:
        reached = _reach(wanted, machine, files, deadline)
    except ParseError as error:
        raise Stop(str(error)) from error
    for file in wanted.outputs:
        write_copy(file, _render_for(file, reached, wanted.mask), force=wanted.force)
    status = _status(reached.found)
    if wanted.as_json:
        sys.stdout.write(_json(reached, wanted.mask))
    elif wanted.quiet:
        sys.stdout.write(_SENTENCES[status] + "\n")
    else:
        sys.stdout.write(wanted.style.fold(wanted.mask(_page(reached)).rstrip()))
        if wanted.mask is unmasked:
            sys.stdout.write(say_how_to_read(reached.ruleset, machine, wanted.style))
    raise SystemExit(status)


_SENTENCES = {
    0: "Open: the firewall accepts all that was asked.",
    1: "Blocked: the firewall stops some of what was asked.",
    UNDETERMINED: "Can't tell whether the firewall accepts all that was asked.",
}


def _reach(wanted: Wanted, machine: Recorder, files: Sequence[Path], deadline: float) -> Reached:
    ruleset, facts = read_saved(files, machine, deadline)
    if facts is not None:
        if isinstance(facts.interfaces, Unknown):
            raise Stop(f"this machine's addresses could not be read: {facts.interfaces.reason}", UNDETERMINED)
        refuse_strange_interface(wanted.packet, facts)
    scope = Scope.of_saved(ruleset, wanted.packet) if facts is None else machine_scope(facts, wanted.packet)
    scope = narrowed(scope, wanted.protocols, wanted.ports, wanted.sources)
    if facts is None:
        return Reached(ruleset, find_regions(ruleset, scope))
    return Reached(ruleset, find_regions(ruleset, scope), name_listeners(facts))


def name_listeners(facts: Facts) -> dict[int, str] | None:
    """The program at each TCP port that others can reach; None where the sockets could not be read."""
    if isinstance(facts.sockets, Unknown):
        return None
    names = (
        {}
        if isinstance(facts.processes, Unknown)
        else {pid: one.name for pid, one in facts.processes.items()}
    )
    found: dict[int, str] = {}
    for socket in facts.sockets:
        if not socket.address.is_loopback:
            found.setdefault(
                socket.port, next((names[pid] for pid in socket.pids if pid in names), "a server")
            )
    return found


def _json(reached: Reached, mask: Mask) -> str:
    document = write_reach(reached.ruleset, reached.found, redacted=mask is not unmasked)
    return mask(json.dumps(document, indent=2) + "\n")


def _page(reached: Reached) -> str:
    return escape_text(render_page(reached.ruleset, reached.found, reached.listening), keep="\n")


def _render_for(file: Path, reached: Reached, mask: Mask) -> str:
    suffix = file.suffix.lower()
    if suffix == ".json":
        return _json(reached, mask)
    if suffix == ".html":
        from landiag.firewall.picture import draw_grids
        from landiag.render.reach_html import render_picture

        return render_picture(draw_grids(reached.found), _page(reached))
    return _page(reached)


def _status(found: Regions) -> int:
    """0 where everything is accepted, 1 where something is stopped, 3 where nobody can tell."""
    verdicts = {cell.verdict for cells in found.cells.values() for cell in cells}
    if verdicts & {Verdict.DROP, Verdict.REJECT}:
        return 1
    return 0 if verdicts == {Verdict.ACCEPT} else 3
