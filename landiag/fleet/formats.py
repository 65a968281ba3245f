"""A fleet for programs: JSON, CSV, JUnit for continuous integration, Prometheus' text for its textfile collector."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any
from xml.sax.saxutils import quoteattr

from landiag.fleet.compare import Change
from landiag.fleet.drift import Group
from landiag.fleet.exposed import describe_gap
from landiag.fleet.fate import Cell, cell_json
from landiag.fleet.judge import Result, State, result_json
from landiag.fleet.reach import Reach
from landiag.render.escape import escape_text

SCHEMA = "landiag.fleet/1"
_COLUMNS = ("from", "to", "address", "port", "protocol", "verdict", "cause", "basis", "agrees", "detail")
_PIECE = 1 << 16
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def cells_json(cells: Iterable[Cell], *, redacted: bool = False) -> Iterator[str]:
    """Cells as one JSON document, piece by piece: a million of them are never in memory at once."""
    yield f'{json.dumps(_head(redacted))[:-1]}, "cells": ['
    for number, cell in enumerate(cells):
        yield ("\n" if number == 0 else ",\n") + json.dumps(cell_json(cell))
    yield "\n]}\n"


def cells_csv(cells: Iterable[Cell]) -> Iterator[str]:
    """Cells as CSV; what a spreadsheet would take for a formula gets an apostrophe in front."""
    stream = io.StringIO()
    writer = csv.writer(stream)
    writer.writerow(_COLUMNS)
    for cell in cells:
        fate = cell.fate
        writer.writerow((
            _harmless(cell.client), _harmless(cell.server), cell.address, cell.port, cell.protocol, fate.verdict.value,
            fate.cause, cell.basis.value, cell.agrees, _harmless(fate.detail),
        ))  # fmt: skip
        if stream.tell() > _PIECE:
            yield stream.getvalue()
            stream.seek(0)
            stream.truncate()
    yield stream.getvalue()


@lru_cache(1 << 14)
def _harmless(value: str) -> str:
    text = escape_text(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def report_json(
    reach: Reach, cells: Sequence[Cell], groups: Sequence[Group], *, redacted: bool = False
) -> str:
    """The overview as JSON."""
    hosts = [
        {
            "name": host.name, "file": host.file, "created": host.created, "hostname": host.hostname,
            "groups": list(host.groups), "problem": describe_gap(host) or None,
            "addresses": [str(one) for one in host.addresses],
            "listeners": [{"port": port, "program": host.program(port) or None} for port in host.ports],
        }
        for host in reach.hosts
    ]  # fmt: skip
    document = {
        **_head(redacted), "hosts": hosts, "cells": [cell_json(cell) for cell in cells], "drift": drift_json(groups),
    }  # fmt: skip
    return json.dumps(document, indent=1) + "\n"


def groups_json(groups: Sequence[Group], *, redacted: bool = False) -> str:
    """The groups of hosts of ``fleet drift``."""
    return json.dumps({**_head(redacted), "drift": drift_json(groups)}, indent=1) + "\n"


def _head(redacted: bool) -> dict[str, Any]:
    """What each document begins with; ``redacted`` says that its names and addresses will be masked."""
    return {"schema": SCHEMA, "redacted": redacted}


def drift_json(groups: Sequence[Group]) -> list[dict[str, Any]]:
    """Groups of hosts by meaning."""
    return [
        {
            "digest": group.digest,
            "hosts": list(group.hosts),
            "witness": None if group.differs is None else {
                "protocol": "tcp", "destination_port": group.differs.port,
                "source": None if group.differs.source is None else str(group.differs.source),
                "answer": group.answer, "usual": group.usual,
            },
        }
        for group in groups
    ]  # fmt: skip


def changes_json(
    changes: Sequence[Change], came: Sequence[str], gone: Sequence[str], *, redacted: bool = False
) -> str:
    """What changed between two states."""
    rows = [
        {
            "old": None if one.old is None else cell_json(one.old),
            "new": None if one.new is None else cell_json(one.new),
        }
        for one in changes
    ]
    document = {**_head(redacted), "came": list(came), "gone": list(gone), "changes": rows}
    return json.dumps(document, indent=1) + "\n"


def results_json(results: Sequence[Result], *, redacted: bool = False) -> str:
    """The results of a policy."""
    document = {**_head(redacted), "results": [result_json(one) for one in results]}
    return json.dumps(document, indent=1) + "\n"


def results_junit(results: Sequence[Result]) -> str:
    """The results as JUnit's XML: violated is a failure, unknown an error; both make a pipeline fail."""
    counts = {state: sum(one.state is state for one in results) for state in State}
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<testsuite name="landiag fleet" tests="{len(results)}" failures="{counts[State.VIOLATED]}" '
        f'errors="{counts[State.UNKNOWN]}">',
    ]
    for one in results:
        title = _attribute(f"{one.expectation.number}. {one.expectation.title}")
        if one.state is State.HOLDS:
            lines.append(f"<testcase classname={_attribute('policy')} name={title}/>")
            continue
        kind = "failure" if one.state is State.VIOLATED else "error"
        lines.append(f"<testcase classname={_attribute('policy')} name={title}>")
        lines.append(f"<{kind} type={_attribute(one.state.value)} message={_attribute(one.why)}/></testcase>")
    return "\n".join([*lines, "</testsuite>", ""])


def _attribute(text: str) -> str:
    return quoteattr(escape_text(text))


def results_prometheus(results: Sequence[Result]) -> str:
    """The results as gauges: one of the three states of each expectation is 1."""
    lines = [
        "# HELP landiag_policy_expectation Whether an expectation of the policy is in this state.",
        "# TYPE landiag_policy_expectation gauge",
    ]
    for one in results:
        lines += [
            f'landiag_policy_expectation{{number="{one.expectation.number}",'
            f'title="{_label(one.expectation.title)}",state="{state.value}"}} {int(one.state is state)}'
            for state in State
        ]
    lines += [
        "# HELP landiag_policy_results How many expectations are in a state.",
        "# TYPE landiag_policy_results gauge",
        *(
            f'landiag_policy_results{{state="{state.value}"}} {sum(one.state is state for one in results)}'
            for state in State
        ),
    ]
    return "\n".join(lines) + "\n"


def _label(text: str) -> str:
    return escape_text(text).replace("\\", "\\\\").replace('"', '\\"')
