"""Objects that PowerShell printed, as rows of names and values: JSON, CSV, lists and tables.

The names of properties and enumerations are English on every Windows; what people wrote is not. A value is a
list of strings; a property that the output does not show is absent from its row.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator

from landiag.model.facts import ParseError
from landiag.model.regex import regex
from landiag.model.strict import load_json

Row = dict[str, list[str]]

MAX_DEPTH = 6


def parse_rows(text: str) -> list[Row]:
    """The objects in a text, whatever form it has; keys are in lower case. Raises ParseError."""
    stripped = text.strip().lstrip("\ufeff")
    if not stripped:
        raise ParseError("it is empty")
    if stripped[0] in "[{":
        return _from_json(stripped)
    lines = [line for line in text.splitlines() if not _PROMPT.match(line)]
    if _looks_like_csv(lines):
        return list(_from_csv(lines))
    rows = list(_from_list(lines))
    return rows or list(_from_table(lines))


_PROMPT = regex(r"\s*(?:PS\s+\S.*>|>>|#TYPE\b)")


def _from_json(text: str) -> list[Row]:
    try:
        document = load_json(text)
    except (ValueError, RecursionError) as error:
        raise ParseError(f"not JSON: {error}") from error
    return list(_objects(document, 0))


def _objects(value: object, depth: int) -> Iterator[Row]:
    """Objects in a list; ``{"value": [...], "Count": n}`` is how PowerShell 5 wraps one."""
    if isinstance(value, list) and depth < MAX_DEPTH:
        for item in value:
            yield from _objects(item, depth + 1)
    elif isinstance(value, dict):
        inner = value.get("value")
        if isinstance(inner, list) and set(map(str.lower, value)) <= {"value", "count"}:
            yield from _objects(inner, depth + 1)
        else:
            yield {str(key).lower(): _strings(item) for key, item in value.items()}


def _strings(value: object) -> list[str]:
    if value is None:
        return []
    if isinstance(value, list):
        return [text for item in value for text in _strings(item)]
    if isinstance(value, dict):
        inner = value.get("value", value.get("Value"))
        return [] if inner is None else _strings(inner)
    return [str(value)]


def _looks_like_csv(lines: Iterable[str]) -> bool:
    first = next((line for line in lines if line.strip()), "")
    return first.lstrip().startswith('"') or len(re.findall(r"[A-Za-z]+[;,](?=[A-Za-z])", first)) >= 2


def _from_csv(lines: list[str]) -> Iterator[Row]:
    head = next(line for line in lines if line.strip())
    delimiter = max(";,\t", key=head.count)
    if "\n".join(lines).count('"') % 2:
        raise ParseError("the table is cut off")
    try:
        for record in csv.DictReader(io.StringIO("\n".join(lines).strip()), delimiter=delimiter):
            yield {
                (name or "").strip().lower(): [value] if value else []
                for name, value in record.items()
                if isinstance(value, str)
            }
    except csv.Error as error:
        raise ParseError(f"not CSV: {error}") from error


_PAIR = regex(r"^(\s*)([A-Za-z][\w ]*?)\s*: ?(.*)$")


def _from_list(lines: Iterable[str]) -> Iterator[Row]:
    """`Format-List`: one ``Name : value`` a line; a name that comes again begins the next object.

    Wrapped values are indented. Show-NetFirewallRule prints a rule's filters behind it, as more of its lines.
    """
    row: Row = {}
    last, column = "", 0
    for line in lines:
        found = _PAIR.match(line)
        if not line.strip():
            last = ""
        elif found and not (last and line.startswith(" " * (column + 1))):
            name = found[2].lower()
            if name in row:
                yield row
                row = {}
            row[name] = _listed(found[3])
            last, column = name, line.index(":")
        elif last and line.startswith(" " * (column + 1)) and len(row[last]) == 1:
            row[last] = _listed(row[last][0] + line.strip())
    if row:
        yield row


def _listed(value: str) -> list[str]:
    text = value.strip()
    if text.startswith("{") and text.endswith("}") and not re.fullmatch(r"\{[0-9A-Fa-f-]{36}\}", text):
        return [part.strip() for part in text[1:-1].split(",") if part.strip()]
    return [text] if text else []


def _from_table(lines: Iterable[str]) -> Iterator[Row]:
    """`Format-Table`: a row of dashes under the headings says where columns begin."""
    previous, columns = "", []
    for line in lines:
        if re.fullmatch(r"\s*-+(?:\s+-+)*\s*", line):
            starts = [found.start() for found in re.finditer(r"-+", line)]
            ends = [*starts[1:], None]
            columns = [(previous[a:b].strip().lower(), a, b) for a, b in zip(starts, ends, strict=True)]
        elif columns and line.strip():
            cells = {name: line[_begin(line, a) : b].strip() for name, a, b in columns}
            yield {name: [cell] if cell else [] for name, cell in cells.items()}
        previous = line


def _begin(line: str, start: int) -> int:
    """Where a column's value begins: numbers wider than their heading reach to the left of it."""
    while 0 < start < len(line) and line[start - 1] != " " and line[start] != " ":
        start -= 1
    return start
