"""A policy from what is open today: each port of each host, and exactly the hosts that reach it."""

from __future__ import annotations

import json
from collections.abc import Iterator

from landiag.fleet.fate import CellVerdict
from landiag.fleet.hosts import Host
from landiag.fleet.policy import SCHEMA
from landiag.fleet.reach import Reach


def write_policy(reach: Reach) -> str:
    """Write it as TOML. What nobody can tell, or differs between a host's addresses, is a comment, no expectation."""
    lines = [
        f'schema = "{SCHEMA}"',
        "# What was open when the hosts were recorded. Take out what should not be.",
        "",
    ]
    for server in reach.hosts:
        if server.problem:
            lines += [f"# {_plain(server.name)} is left out: {_plain(server.problem)}", ""]
        for port in server.ports:
            lines += _expectations(reach, server, port)
    return "\n".join(lines)


def _expectations(reach: Reach, server: Host, port: int) -> Iterator[str]:
    """One table a port and set of clients, with a comment where something is not known."""
    groups: dict[str, list[str]] = {"reachable": [], "unreachable": [], "unknown": []}
    for client in reach.hosts:
        if client.name != server.name:
            groups[_fare(reach, client, server, port)].append(client.name)
    only = bool(groups["reachable"]) and not groups["unknown"]
    if groups["unknown"]:
        yield f"# not known, so left out: {', '.join(map(_plain, groups['unknown'][:20]))}"
    for be in ("reachable",) if only else ("reachable", "unreachable"):
        if groups[be]:
            yield from _table(server, port, groups[be], be, only=only)


def _table(server: Host, port: int, clients: list[str], be: str, *, only: bool) -> Iterator[str]:
    program = server.program(port)
    yield "[[expect]]" + (f"  # {_plain(program)}" if program else "")
    yield f"to = {_quoted(server.name)}"
    yield f"port = {port}"
    yield 'protocol = "tcp"'
    yield f"from = [{', '.join(map(_quoted, clients))}]"
    yield f'be = "{be}"'
    if only:
        yield "only = true"
    yield ""


def _fare(reach: Reach, client: Host, server: Host, port: int) -> str:
    verdicts = {cell.fate.verdict for cell in reach.cells(client, server, port)}
    if verdicts == {CellVerdict.REACHABLE}:
        return "reachable"
    return "unreachable" if verdicts == {CellVerdict.BLOCKED} else "unknown"


def _quoted(text: str) -> str:
    """A text as TOML writes it; JSON's form is one of TOML's, but for DEL and lone surrogates."""
    clean = text.encode("utf-8", "backslashreplace").decode()
    return json.dumps(clean, ensure_ascii=False).replace("\x7f", "\\u007f")


def _plain(text: str) -> str:
    return "".join(char if char.isprintable() else "?" for char in text)
