"""A module of landiag in the words of Python 3.6: what that does not know is changed, all else stays as it stands."""

from __future__ import annotations

import ast
from itertools import accumulate

SHIMS = """def _removesuffix(text, end):
    return text[: -len(end)] if end and text.endswith(end) else text
"""


def for_old_python(text: str) -> str:
    """The module without its head (documentation and imports), annotations and newer methods."""
    found = _Newer(text)
    found.visit(ast.parse(text))
    data = text.encode()
    for start, end, instead in sorted(found.changes, reverse=True):
        data = data[:start] + instead.encode() + data[end:]
    return data.decode()


class _Newer(ast.NodeVisitor):
    """What has to be changed: from which byte to which, and what stands there instead."""

    def __init__(self, text: str) -> None:
        self.lines = [0, *accumulate(len(line) for line in text.encode().splitlines(keepends=True))]
        self.data = text.encode()
        self.changes: list[tuple[int, int, str]] = []

    def visit_Module(self, node: ast.Module) -> None:
        head = (ast.Expr, ast.Import, ast.ImportFrom)
        first = next(one for one in node.body if not isinstance(one, head))
        self.changes.append((0, self.lines[first.lineno - 1], ""))
        self.generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        words = node.args
        defaults = (*[None] * (len(words.args) - len(words.defaults)), *words.defaults, *words.kw_defaults)
        for one, default in zip((*words.args, *words.kwonlyargs), defaults, strict=True):
            if one.annotation is not None:
                end = self._end(one.annotation) if default is None else self._start(default)
                self.changes.append((self._start(one) + len(one.arg), end, "" if default is None else "="))
        if node.returns is not None:
            end = self._end(node.returns)
            self._cut(self.data.rindex(b")", 0, self._start(node.returns)) + 1, end)
        for part in (*node.args.defaults, *node.args.kw_defaults, *node.body):
            if part is not None:
                self.visit(part)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        self._cut(self._end(node.target), self._end(node.annotation))
        assert node.value is not None
        self.visit(node.value)

    def visit_Call(self, node: ast.Call) -> None:
        if isinstance(node.func, ast.Attribute) and node.func.attr == "removesuffix":
            self.changes.append((self._start(node), self._start(node), "_removesuffix("))
            self.changes.append((self._end(node.func.value), self._start(node.args[0]), ", "))
        for one in node.keywords:
            if one.arg == "strict":
                before = (*node.args, *(word.value for word in node.keywords if word is not one))
                self._cut(max(map(self._end, before)), self._end(one.value))
        self.generic_visit(node)

    def _cut(self, start: int, end: int) -> None:
        self.changes.append((start, end, ""))

    def _start(self, node: ast.expr | ast.arg) -> int:
        return self.lines[node.lineno - 1] + node.col_offset

    def _end(self, node: ast.expr) -> int:
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return self.lines[node.end_lineno - 1] + node.end_col_offset
