"""What ``landiag fleet`` answers, printed or written; imported once the command line is understood."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import NoReturn

from msgspec import Struct

from landiag.cli.arguments import parse_port
from landiag.cli.files.fleet_files import read_fleet
from landiag.cli.files.inputs import read_input
from landiag.cli.files.outputs import Stop, write_file
from landiag.cli.files.redacting import redact_output, tell_redacted
from landiag.fleet import formats, text
from landiag.fleet.compare import compare, host_changes
from landiag.fleet.drift import group_hosts
from landiag.fleet.exposed import exposed_to, list_cells, unread_hosts
from landiag.fleet.fate import Cell, CellVerdict
from landiag.fleet.init import write_policy
from landiag.fleet.judge import Result, State, exit_status, judge_policy
from landiag.fleet.names import host_name
from landiag.fleet.page import render_page
from landiag.fleet.policy import PolicyError, parse_policy
from landiag.fleet.probes import Outcomes, parse_outcomes, plan_probes, with_outcomes
from landiag.fleet.reach import Reach
from landiag.fleet.rows import make_rows
from landiag.model.facts import ParseError

_SUFFIXES = {
    ".json": "json", ".jsonl": "text", ".csv": "csv", ".html": "html", ".xml": "junit", ".prom": "prometheus",
    ".txt": "text", ".toml": "text",
}  # fmt: skip
_OF_CELLS = ("text", "json", "csv", "html")


class Asked(Struct, frozen=True):
    """What a person asked of ``fleet``; ``clients`` is ``--from``, ``deadline`` until when its files are read."""

    folders: tuple[Path, ...]
    ports: tuple[str, ...]
    clients: str | None
    policy: Path | None
    probes: Path | None
    max_age: str | None
    format: str | None
    output: Path | None
    force: bool
    redact: bool = False
    deadline: float | None = None


def answer(command: str, asked: Asked) -> NoReturn:
    """Do it, write it, and end with the exit status."""
    commands: Mapping[str, Callable[[Asked], tuple[Iterable[str], int]]] = {
        "report": _report, "matrix": _matrix, "exposed": _exposed, "drift": _drift, "test": _test, "init": _init,
        "diff": _diff, "probes": _probes,
    }  # fmt: skip
    pieces, status = commands[command](asked)
    if asked.redact:
        pieces = [_redacted("".join(pieces), asked)]
        if asked.format is None and asked.output is None:
            tell_redacted()
    if asked.output is not None:
        write_file(asked.output, "".join(pieces), force=asked.force)
    else:
        for piece in pieces:
            sys.stdout.write(piece)
    raise SystemExit(status)


def _redacted(text: str, asked: Asked) -> str:
    """The same output without names and addresses; hosts are called as their files are."""
    files = (file.name for folder in asked.folders for file in folder.iterdir())
    return redact_output(text, hosts=[name for name in map(host_name, files) if name is not None])


def _format(asked: Asked, known: tuple[str, ...]) -> str:
    """The format that is wanted: named, or by the file's suffix."""
    suffix = "" if asked.output is None else asked.output.suffix.lower()
    found = asked.format or _SUFFIXES.get(suffix, "text")
    if found not in known:
        raise Stop(f"the format {found} is not one of this command: choose {', '.join(known)}")
    return found


def _read(asked: Asked) -> Reach:
    return read_fleet(asked.folders[0], asked.max_age, asked.deadline)


def _cells(asked: Asked, reach: Reach) -> Iterator[Cell]:
    ports = [parse_port(one) for one in asked.ports]
    return with_outcomes(list_cells(reach, ports or None), _outcomes(asked))


def _outcomes(asked: Asked) -> Outcomes:
    """What probes found: of one file, or of a folder in which each host has its own."""
    if asked.probes is None:
        return {}
    files = sorted(asked.probes.glob("*.jsonl")) if asked.probes.is_dir() else [asked.probes]
    if not files:
        raise Stop(f"{asked.probes} holds no outcomes of probes: their files end in .jsonl")
    return {key: one for file in files for key, one in _outcomes_of(file, asked.deadline).items()}


def _outcomes_of(file: Path, deadline: float | None) -> Outcomes:
    try:
        return parse_outcomes(read_input(file, deadline=deadline).decode("utf-8", "backslashreplace"))
    except ParseError as error:
        raise Stop(f"{file}: {error}") from error


def _report(asked: Asked) -> tuple[Iterable[str], int]:
    reach, wanted = _read(asked), _format(asked, _OF_CELLS)
    if wanted == "csv":
        return formats.cells_csv(_cells(asked, reach)), 0
    if wanted == "json":
        return [
            formats.report_json(reach, tuple(_cells(asked, reach)), group_hosts(reach), redacted=asked.redact)
        ], 0
    rows, groups = make_rows(_cells(asked, reach)), group_hosts(reach)
    if wanted == "html":
        return [render_page(reach, rows, groups)], 0
    return [text.render_lines(text.report_lines(reach, rows, groups, time.time()))], 0


def _matrix(asked: Asked) -> tuple[Iterable[str], int]:
    reach, wanted = _read(asked), _format(asked, _OF_CELLS)
    return _written(asked, reach, _cells(asked, reach), wanted), 0


def _written(
    asked: Asked, reach: Reach, cells: Iterable[Cell], wanted: str, nothing: str = ""
) -> Iterable[str]:
    if wanted == "json":
        return formats.cells_json(cells, redacted=asked.redact)
    if wanted == "csv":
        return formats.cells_csv(cells)
    rows = make_rows(cells)
    if wanted == "html":
        return [render_page(reach, rows, group_hosts(reach))]
    return [text.render_lines([*text.matrix_lines(reach, rows, nothing), *text.unread_lines(reach)])]


def _exposed(asked: Asked) -> tuple[Iterable[str], int]:
    """What is open to clients of a network, a recorded host, or any recorded host."""
    reach, wanted = _read(asked), _format(asked, _OF_CELLS)
    in_words = wanted in ("text", "html")
    cells = (
        _cells(asked, reach)
        if asked.clients is None
        else _cells_from(reach, asked.clients, in_words=in_words)
    )
    numbers = {parse_port(one) for one in asked.ports}
    open_cells = (
        one
        for one in cells
        if one.fate.verdict in (CellVerdict.REACHABLE, CellVerdict.UNKNOWN)
        and (not numbers or one.port in numbers)
    )
    who = asked.clients or "another recorded host"
    return _written(asked, reach, open_cells, wanted, f"No listener that was recorded is open to {who}."), 0


def _cells_from(reach: Reach, clients: str, *, in_words: bool) -> Iterator[Cell]:
    if clients in reach.by_name:
        return (cell for cell in list_cells(reach) if cell.client == clients)
    try:
        return exposed_to(reach, clients, (ip_network(clients, strict=False),), in_words=in_words)
    except ValueError as error:
        raise Stop(
            f"--from {clients} is neither a recorded host nor a network such as 192.168.77.0/24"
        ) from error


def _drift(asked: Asked) -> tuple[Iterable[str], int]:
    reach, wanted = _read(asked), _format(asked, ("text", "json"))
    groups = group_hosts(reach)
    status = 1 if len(groups) > 1 else 3 if not groups or unread_hosts(reach) else 0
    if wanted == "json":
        return [formats.groups_json(groups, redacted=asked.redact)], status
    lines = (*text.drift_lines(groups), *text.unread_lines(reach))
    return [text.render_lines(line for line in lines if line)], status


def _judged(asked: Asked, reach: Reach) -> tuple[Result, ...]:
    file = asked.policy or asked.folders[0] / "policy.toml"
    try:
        written = read_input(file, deadline=asked.deadline).decode("utf-8", "backslashreplace")
        return judge_policy(parse_policy(written), reach)
    except PolicyError as error:
        raise Stop(f"{file} cannot be used: {error}") from error


def _test(asked: Asked) -> tuple[Iterable[str], int]:
    wanted = _format(asked, ("text", "json", "junit", "prometheus"))
    results = _judged(asked, _read(asked))
    status = exit_status(results)
    if wanted == "text":
        return [text.render_lines(text.result_lines(results))], status
    if wanted == "json":
        return [formats.results_json(results, redacted=asked.redact)], status
    render = {"junit": formats.results_junit, "prometheus": formats.results_prometheus}[wanted]
    return [render(results)], status


def _init(asked: Asked) -> tuple[Iterable[str], int]:
    return [write_policy(_read(asked))], 0


def _diff(asked: Asked) -> tuple[Iterable[str], int]:
    old, new = (read_fleet(folder, asked.max_age, asked.deadline) for folder in asked.folders)
    changes, (came, gone) = tuple(compare(old, new)), host_changes(old, new)
    wanted = _format(asked, ("text", "json"))
    unread = unread_hosts(old) or unread_hosts(new)
    status = 1 if changes or came or gone else 3 if unread else 0
    if wanted == "json":
        return [formats.changes_json(changes, came, gone, redacted=asked.redact)], status
    lines = (*text.change_lines(changes, came, gone), *text.unread_lines(new))
    return [text.render_lines(lines)], status


def _probes(asked: Asked) -> tuple[Iterable[str], int]:
    """The plan; what contradicts a policy comes first, where there is one."""
    reach = _read(asked)
    file = asked.policy or asked.folders[0] / "policy.toml"
    results = _judged(asked, reach) if asked.policy is not None or file.exists() else ()
    first = frozenset(
        (cell.client, cell.server, cell.port)
        for one in results
        if one.state is not State.HOLDS
        for cell in one.cells
    )
    cells = list_cells(reach, [parse_port(one) for one in asked.ports] or None)
    plans = plan_probes(cells, first)
    return (json.dumps(one.document) + "\n" for one in plans), 0
