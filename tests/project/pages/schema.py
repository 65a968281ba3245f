"""The page of the JSON, from the schemas that all reports and regions are held against."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from importlib.resources import files
from itertools import starmap
from typing import Any

HEAD = """# JSON

{description} The schema itself is `landiag/report.schema.json`; each object may gain fields that are not listed here,
and a program skips what it does not know. A field in bold is always there.

## The report
"""

REACH = """
## All packets at once

What `landiag firewall --all --json` prints; its schema is `landiag/reach.schema.json`.
"""


def json_page() -> str:
    """Write the page."""
    report, reach = (
        json.loads((files("landiag") / f"{name}.schema.json").read_text(encoding="utf-8"))
        for name in ("report", "reach")
    )
    lines = [HEAD.format(description=report["description"]), *_table(report), *_parts(report)]
    lines += [REACH, *_table(reach), *_parts(reach)]
    return "\n".join(lines) + "\n"


def _parts(schema: Mapping[str, Any]) -> Iterator[str]:
    for name, part in schema["$defs"].items():
        if "properties" in part:
            yield f"\n## {name}\n"
            yield from (part["description"] + "\n",) if "description" in part else ()
            yield from _table(part)
        else:
            yield f"\n## {name}\n"
            yield f"{_kind(part)}."


def _table(part: Mapping[str, Any]) -> Iterator[str]:
    yield "| field | what it is |\n|---|---|"
    required = part.get("required", ())
    for name, value in part["properties"].items():
        shown = f"**`{name}`**" if name in required else f"`{name}`"
        said = value.get("description", "")
        yield f"| {shown} | {_kind(value)}{': ' + said if said else ''} |"


def _named(name: str, value: Mapping[str, Any]) -> str:
    said = value.get("description", "").rstrip(".")
    return f"`{name}` ({said[0].lower()}{said[1:]})" if said else f"`{name}`"


def _kind(value: Mapping[str, Any]) -> str:
    """In words what a value may be."""
    if "$ref" in value:
        name = value["$ref"].rpartition("/")[2]
        return f"[{name}](#{name})"
    if "const" in value or "enum" in value:
        return ", ".join(f"`{json.dumps(one)}`" for one in value.get("enum", [value.get("const")]))
    if alternatives := value.get("anyOf") or value.get("oneOf"):
        return " or ".join(_kind(one) for one in alternatives)
    if value.get("type") == "array" and isinstance(value.get("items"), dict):
        return f"a list of: {_kind(value['items'])}"
    if value.get("type") == "object" and "properties" in value:
        return "an object with " + ", ".join(starmap(_named, value["properties"].items()))
    kinds = value.get("type", "any value")
    return " or ".join(kinds if isinstance(kinds, list) else [kinds])
