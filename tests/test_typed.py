"""Facts stay typed up to the renderers: no decision reads a sentence, and no code stands outside of its row.

Both tests walk the syntax tree of landiag. What they allow stands here with its reason; whoever adds to it says why
no typed field can say the same.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from landiag.model.causes import CODES

ROOT = Path(__file__).parents[1]
LANDIAG = ROOT / "landiag"

TEXTS = frozenset(("title", "detail", "text", "rule_text", "summary"))
"""Fields that hold sentences, evidence or rules as text."""

JUDGING = ("checks", "verdict", "watch", "prove", "web", "journey")
"""Rooms in which nothing is decided by a text."""

MAKERS = frozenset(("Finding", "Hint", "blocks", "warns", "unsure", "unread", "make", "Cause"))
"""Calls that make a finding (or a row): the place where a code is found."""

ASSIGNED = frozenset(("code", "cause"))
"""Names that hold a code until its finding is made."""


def modules(*rooms: str) -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(LANDIAG.rglob("*.py")):
        name = path.relative_to(LANDIAG).as_posix()
        if not rooms or name.split("/")[0].removesuffix(".py") in rooms:
            yield name, ast.parse(path.read_text(encoding="utf-8"))


def functions(tree: ast.Module) -> Iterator[tuple[str, ast.AST]]:
    """Every function with its name, and what stands outside of all of them."""
    inside: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            inside |= {id(one) for one in ast.walk(node)}
            yield node.name, node
    for node in tree.body:
        if id(node) not in inside:
            yield "", node


# --- decisions on texts ---------------------------------------------------------------------------------------

_READING = "the text of a reading or of the kernel's trace, which this part parses"
_TYPED_BY_USER = "an address as the user typed it, held against one of ours"

READS_TEXT = {
    "checks/addresses/check.py:_wrong_address": _TYPED_BY_USER,
    "checks/wsl/hyperv.py:_blocking_rules": "which of Windows' rules decided is not a field of the line yet",
    "checks/wsl/on_windows.py:_has_wsl_service": _READING,
    "prove/ask.py:ask_kernel": _TYPED_BY_USER,
    "prove/fate.py:_passed": _READING,
    "prove/fate.py:_rejects": "a target of iptables that was not lowered is known by its text alone",
    "prove/tools.py:_listens": _READING,
    "prove/trace.py:events_of": _READING,
    "web/flask_command.py:_port_of": "SERVER_NAME of the application, which is host:port in one text",
}


def is_text(node: ast.AST) -> bool:
    """Whether an expression is a sentence's field, what str() made, or a part of one."""
    if isinstance(node, ast.Attribute):
        return node.attr in TEXTS
    if isinstance(node, ast.Call):
        if isinstance(node.func, ast.Name):
            return node.func.id == "str"
        return isinstance(node.func, ast.Attribute) and is_text(node.func.value)
    return isinstance(node, ast.Subscript) and is_text(node.value)


DECIDING = frozenset(("startswith", "endswith", "partition", "rpartition", "split", "find", "index", "count"))
MATCHING = frozenset(("search", "match", "fullmatch", "findall", "finditer"))


def reads_text(node: ast.AST) -> bool:
    """Whether a node compares, searches or takes apart a text."""
    if isinstance(node, ast.Compare):
        return any(is_text(one) for one in (node.left, *node.comparators))
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return False
    if node.func.attr in DECIDING:
        return is_text(node.func.value)
    return node.func.attr in MATCHING and any(is_text(one) for one in node.args)


def text_decisions() -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for name, tree in modules(*JUDGING):
        for function, body in functions(tree):
            lines = [one.lineno for one in ast.walk(body) if reads_text(one) and isinstance(one, ast.expr)]
            if lines:
                found[f"{name}:{function}"] = lines
    return found


def test_no_decision_reads_a_sentence() -> None:
    found = text_decisions()
    assert found.keys() - READS_TEXT.keys() == set()
    assert READS_TEXT.keys() - found.keys() == set(), "allowed, and no longer there"


# --- codes ----------------------------------------------------------------------------------------------------

CODE_ALLOWED = {
    "checks/firewall/check.py": "its findings' sentences stand in a table by code",
    "checks/listening/check.py": "its findings' sentences stand in a table by code",
    "host/live.py": "path-mtu is the name of an exchange too",
    "probe/sources.py": "path-mtu is the name of an exchange too",
}


def _strings(node: ast.AST) -> Iterator[ast.Constant]:
    for one in ast.walk(node):
        if isinstance(one, ast.Constant) and isinstance(one.value, str) and one.value in CODES:
            yield one


def _where_found(tree: ast.Module) -> Iterator[ast.Constant]:
    """The codes that stand where a finding is made: in its call, or given to a name that holds one."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            if name in MAKERS:
                for one in (*node.args[:1], *(word.value for word in node.keywords if word.arg == "code")):
                    yield from _made(one)
            elif name == "replace":
                for word in node.keywords:
                    if word.arg == "code":
                        yield from _made(word.value)
        elif isinstance(node, ast.Assign) and any(
            isinstance(one, ast.Name) and one.id in ASSIGNED for one in ast.walk(node.targets[0])
        ):
            yield from _made(node.value)


def _made(node: ast.AST) -> Iterator[ast.Constant]:
    """The codes that an expression can give: a constant, either side of a condition, a part of a tuple."""
    if isinstance(node, ast.IfExp):
        yield from (*_made(node.body), *_made(node.orelse))
    elif isinstance(node, ast.Tuple):
        for one in node.elts:
            yield from _made(one)
    elif isinstance(node, ast.Constant):
        yield from _strings(node)


def stray_codes() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, tree in modules():
        made = {id(one) for one in _where_found(tree)}
        stray = sorted({str(one.value) for one in _strings(tree) if id(one) not in made})
        if stray:
            found[name] = stray
    return found


def test_a_code_stands_in_its_row_and_where_it_is_found() -> None:
    found = stray_codes()
    assert {name: codes for name, codes in found.items() if name not in CODE_ALLOWED} == {}
    assert CODE_ALLOWED.keys() - found.keys() == set(), "allowed, and no longer there"
