"""A policy from what is open today: each port of each host, and exactly the hosts that reach it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping

from landiag.fleet.exposed import describe_gap
from landiag.fleet.fate import Cell, CellVerdict
from landiag.fleet.hosts import Host
from landiag.fleet.policy import SCHEMA
from landiag.fleet.reach import Reach
from landiag.model.facts import IPAddress

_OPEN, _CLOSED, _UNKNOWN, _NOBODY = "reachable", "unreachable", "unknown", "nobody listens"
_MIXED, _NO_WAY = "by some addresses only", "has no address of that family"
_FARES = {
    CellVerdict.REACHABLE: _OPEN, CellVerdict.BLOCKED: _CLOSED, CellVerdict.UNKNOWN: _UNKNOWN,
    CellVerdict.NO_LISTENER: _NOBODY,
}  # fmt: skip


def write_policy(reach: Reach) -> str:
    """Write it as TOML. What nobody can tell is a comment, no expectation."""
    lines = [
        f'schema = "{SCHEMA}"',
        "# What was open when the hosts were recorded. Take out what should not be.",
        "",
    ]
    for server in reach.hosts:
        if gap := describe_gap(server):
            lines += [f"# {_plain(server.name)}: {_plain(gap)}; what is not known is left out", ""]
        for port in server.ports:
            lines += _expectations(reach, server, port)
    return "\n".join(lines).rstrip() + "\n"


def _expectations(reach: Reach, server: Host, port: int) -> Iterator[str]:
    """Tables for one port: for each of the host's addresses where these fare differently."""
    groups = _groups(reach, server, port)
    if not groups[_MIXED]:
        yield from _tables(server, port, groups)
        return
    for address in server.addresses:
        yield from _tables(server, port, _groups(reach, server, port, address), address)


def _groups(reach: Reach, server: Host, port: int, address: IPAddress | None = None) -> dict[str, list[str]]:
    """The other hosts by how they fare."""
    groups: dict[str, list[str]] = {one: [] for one in (_OPEN, _CLOSED, _UNKNOWN, _NOBODY, _MIXED, _NO_WAY)}
    for client in reach.hosts:
        if client.name != server.name:
            groups[_fare(reach.cells(client, server, port, address))].append(client.name)
    return groups


def _tables(
    server: Host, port: int, groups: Mapping[str, list[str]], address: IPAddress | None = None
) -> Iterator[str]:
    """One table a set of clients, with a comment where something is not known."""
    only = bool(groups[_OPEN]) and not any(groups[one] for one in (_UNKNOWN, _NOBODY, _NO_WAY))
    if groups[_NOBODY]:
        yield f"# nobody listens on port {port} of {_plain(server.name)} at {address or 'its addresses'}: left out"
    if groups[_UNKNOWN]:
        yield f"# not known, so left out: {', '.join(map(_plain, groups[_UNKNOWN][:20]))}"
    for be in (_OPEN,) if only else (_OPEN, _CLOSED):
        if groups[be]:
            yield from _table(server, port, groups[be], be, address, only=only)


def _table(
    server: Host, port: int, clients: list[str], be: str, address: IPAddress | None, *, only: bool
) -> Iterator[str]:
    program = server.program(port)
    yield "[[expect]]" + (f"  # {_plain(program)}" if program else "")
    yield f"to = {_quoted(server.name)}"
    if address is not None:
        yield f'address = "{address}"'
    yield f"port = {port}"
    yield 'protocol = "tcp"'
    yield f"from = [{', '.join(map(_quoted, clients))}]"
    yield f'be = "{be}"'
    if only:
        yield "only = true"
    yield ""


def _fare(cells: Iterable[Cell]) -> str:
    verdicts = {cell.fate.verdict for cell in cells}
    if len(verdicts) > 1:
        return _MIXED
    return _FARES[verdicts.pop()] if verdicts else _NO_WAY


def _quoted(text: str) -> str:
    """A text as TOML writes it; JSON's form is one of TOML's, but for DEL and lone surrogates."""
    clean = text.encode("utf-8", "backslashreplace").decode()
    return json.dumps(clean, ensure_ascii=False).replace("\x7f", "\\u007f")


def _plain(text: str) -> str:
    return "".join(char if char.isprintable() else "?" for char in text)
