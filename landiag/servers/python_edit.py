"""The call in a Python source that starts its server, found in the syntax tree. Pure."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterable

from msgspec import Struct
from msgspec.structs import replace

from landiag.model.report import Edit
from landiag.servers.edit_line import LOOPBACK, QUOTED_LOOPBACK
from landiag.servers.kinds import ServerKind
from landiag.servers.python_debugger import CannotTell, Quiet, quiet_keyword

_OTHER_RUNS = {"subprocess", "asyncio", "anyio", "trio", "unittest"}


class _Change(Struct, frozen=True, order=True):
    """Characters ``start`` to ``end`` of a line, counted from 0, and what is written there."""

    number: int
    start: int
    end: int
    written: str


def python_edit(kind: ServerKind, path: str, text: str, host: str) -> Edit | None:
    """The only call of a Python source that starts this kind of server, with another address in it.

    Its debugger is switched off in the same line; None where that cannot be done, or not be told.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    lines = text.splitlines()
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and _name_of(node) in kind.calls]
    found = [(call, change) for call in calls if (change := _address_change(kind, lines, host, call))]
    if len(found) != 1:
        return None
    ((call, change),) = found
    try:
        quiet = quiet_keyword(tree, call, kind.library)
    except CannotTell:
        return None
    changes = (change,) if quiet is None else _quieted(lines, call, change, quiet)
    return _edit(path, lines, changes)


def _edit(path: str, lines: list[str], changes: Iterable[_Change]) -> Edit | None:
    """The edit that makes these changes, which must all stand in one line; None without any."""
    ordered = sorted(changes, reverse=True)
    if not ordered:
        return None
    number, written = ordered[0].number, lines[ordered[0].number - 1]
    if any(change.number != number for change in ordered):
        return None
    for change in ordered:
        written = written[: change.start] + change.written + written[change.end :]
    return Edit(path, number, lines[number - 1], written.rstrip())


def _name_of(call: ast.Call) -> str:
    function = call.func
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def _address_change(kind: ServerKind, lines: list[str], host: str, call: ast.Call) -> _Change | None:
    """Change the address in a call such as ``app.run(host="127.0.0.1")``, or write one into it."""
    if _name_of(call) == "run" and not _runs_a_server(call):
        return None
    if ":" in host and _is_ipv4_only(kind, call):
        return None
    for keyword in call.keywords:
        if keyword.arg in kind.keywords:
            return _constant(lines, host, keyword.value)
    for argument in call.args[:2]:
        for part in argument.elts if isinstance(argument, ast.Tuple) else [argument]:
            if change := _constant(lines, host, part):
                return change
    may_add = kind.library and kind.host != "*" and (kind.application_first or not call.args)
    if not may_add or any(keyword.arg is None for keyword in call.keywords):
        return None
    return _insertion(lines, call, f'{kind.keywords[0]}="{host}"')


def _runs_a_server(call: ast.Call) -> bool:
    """Whether a call named ``run`` is not one of another module (``subprocess.run``, ``asyncio.run``)."""
    owner = call.func.value if isinstance(call.func, ast.Attribute) else None
    return isinstance(owner, ast.Name) and owner.id not in _OTHER_RUNS


def _is_ipv4_only(kind: ServerKind, call: ast.Call) -> bool:
    """Whether the call makes a socket of IPv4, so that an IPv6 address in it ends in an error."""
    owner = call.func.value if isinstance(call.func, ast.Attribute) else None
    dotted = f"{owner.id}.{_name_of(call)}" if isinstance(owner, ast.Name) else ""
    return bool({_name_of(call), dotted} & set(kind.ipv4_calls))


def _constant(lines: list[str], host: str, node: ast.expr) -> _Change | None:
    if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
        return None
    if not re.fullmatch(LOOPBACK, node.value):
        return None
    line = lines[node.lineno - 1]
    found = next((m for m in QUOTED_LOOPBACK.finditer(line) if m["host"] == node.value), None)
    return _Change(node.lineno, found.start("host"), found.end("host"), host) if found else None


def _insertion(lines: list[str], call: ast.Call, written: str) -> _Change | None:
    """Write a keyword behind what is already in the call's first line."""
    number = call.func.end_lineno or call.lineno
    line = lines[number - 1]
    if not line.isascii():
        return None
    opening = line.find("(", call.func.end_col_offset or 0)
    if opening < 0:
        return None
    if not call.args:
        after = ", " if call.keywords else ""
        return _Change(number, opening + 1, opening + 1, written + after)
    last = call.args[-1]
    if last.end_lineno != number or last.end_col_offset is None:
        return None
    return _Change(number, last.end_col_offset, last.end_col_offset, f", {written}")


def _quieted(lines: list[str], call: ast.Call, address: _Change, quiet: Quiet) -> tuple[_Change, ...]:
    """Both changes of a line: the address, and the debugger switched off; none where that line cannot say it."""
    if not lines[address.number - 1].isascii():
        return ()
    value, written = quiet.value, f"{quiet.name}=False"
    if value is not None:
        if not value.lineno == value.end_lineno == address.number or value.end_col_offset is None:
            return ()
        return (address, _Change(address.number, value.col_offset, value.end_col_offset, "False"))
    if address.start == address.end:  # the address is written anew: this goes with it
        is_first = address.written.endswith(", ")
        both = f"{address.written}{written}, " if is_first else f"{address.written}, {written}"
        return (replace(address, written=both),)
    at = _end_of_arguments(call, address.number)
    return () if at is None else (address, _Change(address.number, at, at, f", {written}"))


def _end_of_arguments(call: ast.Call, number: int) -> int | None:
    """Where the last argument on a line ends, when only keywords may follow it."""
    values = [*call.args, *(keyword.value for keyword in call.keywords)]
    here = [value.end_col_offset for value in values if value.end_lineno == number]
    if any((argument.end_lineno or 0) > number for argument in call.args):
        return None
    return max((end for end in here if end is not None), default=None)
