"""The call in a Python source that starts its server, found in the syntax tree. Pure."""

from __future__ import annotations

import ast
import re
import warnings

from landiag.model.report import Edit
from landiag.servers.edit_line import LOOPBACK, QUOTED_LOOPBACK, replaced
from landiag.servers.recognise import ServerKind


def python_edit(kind: ServerKind, path: str, text: str, host: str) -> Edit | None:
    """The only call of a Python source that starts this kind of server, with another address in it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and _name_of(node) in kind.calls]
    edits = [edit for call in calls if (edit := _call_edit(kind, path, text, host, call))]
    return edits[0] if len(edits) == 1 else None


def _name_of(call: ast.Call) -> str:
    function = call.func
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def _call_edit(kind: ServerKind, path: str, text: str, host: str, call: ast.Call) -> Edit | None:
    """Change the address in a call such as ``app.run(host="127.0.0.1")``, or write one into it."""
    if _name_of(call) == "run" and not _runs_a_server(call):
        return None
    for keyword in call.keywords:
        if keyword.arg in kind.keywords:
            return _constant_edit(path, text, host, keyword.value)
    for argument in call.args[:2]:
        for part in argument.elts if isinstance(argument, ast.Tuple) else [argument]:
            if edit := _constant_edit(path, text, host, part):
                return edit
    may_add = kind.library and kind.host != "*" and (kind.application_first or not call.args)
    if not may_add or any(keyword.arg is None for keyword in call.keywords):
        return None
    return _added_edit(kind, path, text, host, call)


def _runs_a_server(call: ast.Call) -> bool:
    """Whether a call named ``run`` is not one of another module (``subprocess.run``, ``asyncio.run``)."""
    owner = call.func.value if isinstance(call.func, ast.Attribute) else None
    return isinstance(owner, ast.Name) and owner.id not in {
        "subprocess",
        "asyncio",
        "anyio",
        "trio",
        "unittest",
    }


def _constant_edit(path: str, text: str, host: str, node: ast.expr) -> Edit | None:
    if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
        return None
    if not re.fullmatch(LOOPBACK, node.value):
        return None
    line = text.splitlines()[node.lineno - 1]
    found = next((m for m in QUOTED_LOOPBACK.finditer(line) if m["host"] == node.value), None)
    return replaced(path, node.lineno, line, found.start("host"), found.end("host"), host) if found else None


def _added_edit(kind: ServerKind, path: str, text: str, host: str, call: ast.Call) -> Edit | None:
    """Write ``host=...`` behind what is already in the call's first line."""
    line_number = call.func.end_lineno or call.lineno
    line = text.splitlines()[line_number - 1]
    if not line.isascii():
        return None
    opening = line.find("(", call.func.end_col_offset or 0)
    if opening < 0:
        return None
    written = f'{kind.keywords[0]}="{host}"'
    if not call.args and not call.keywords:
        return replaced(path, line_number, line, opening + 1, opening + 1, written)
    if not call.args:
        return replaced(path, line_number, line, opening + 1, opening + 1, f"{written}, ")
    last = call.args[-1]
    if last.end_lineno != line_number or last.end_col_offset is None:
        return None
    return replaced(path, line_number, line, last.end_col_offset, last.end_col_offset, f", {written}")
