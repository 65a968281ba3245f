"""The line where a Python application lists the names that it answers to, with one more in it. Pure."""

from __future__ import annotations

import ast
import json
import posixpath
import re
import warnings
from collections.abc import Iterator

from landiag.model.regex import regex
from landiag.model.report import Edit
from landiag.servers.recognise import Server

SETTINGS = "DJANGO_SETTINGS_MODULE"
_NAMED = regex(rf"{SETTINGS}['\"]\s*[,\]]\s*=?\s*['\"]([\w.]+)['\"]", re.ASCII)
_OWN = ("localhost", "127.0.0.1")
"""What Django lets in while its list is empty and DEBUG is on: it stays in."""


def script_of(server: Server) -> str | None:
    """The script by which a server was started, absolute; None without one."""
    called = server.invocation
    cwd = server.process.cwd
    if called is None or not called.script or (cwd is None and not called.script.startswith("/")):
        return None
    return posixpath.normpath(posixpath.join(cwd or "/", called.script))


def settings_file(server: Server, script: str, text: str) -> str | None:
    """The file of the settings module: of the option, the variable, or the script's own words; None without one."""
    words = server.invocation.arguments if server.invocation else ()
    options = [word.partition("=")[2] for word in words if word.startswith("--settings=")]
    told = [*options, server.process.environment.get(SETTINGS, ""), *_NAMED.findall(text)]
    module = next((one for one in told if re.fullmatch(r"[A-Za-z_][\w.]*", one, re.ASCII)), None)
    return (
        None
        if module is None
        else posixpath.join(posixpath.dirname(script), f"{module.replace('.', '/')}.py")
    )


def host_edit(variable: str, path: str, text: str, host: str) -> Edit | None:
    """The only list of this name in a source, of literals alone, with the host behind its last name.

    It may run over several lines: the one that is edited has nothing else in it, as what else stands there may be
    a secret, and the line goes into the report.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            values = list(_values(ast.parse(text), variable))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    if len(values) != 1 or not isinstance(values[0], ast.List):
        return None
    found = values[0]
    names = [one.value for one in found.elts if isinstance(one, ast.Constant) and isinstance(one.value, str)]
    if len(names) != len(found.elts) or host in names:
        return None
    number, column = found.lineno, found.col_offset + 1
    more = ", ".join(map(json.dumps, (*_OWN, host)))
    if names:
        number, column = found.elts[-1].end_lineno or 0, found.elts[-1].end_col_offset or 0
        more = f", {json.dumps(host)}"
    raw = text.encode().splitlines()[number - 1]
    line = raw.decode()
    alone = rf"({variable} ?= ?\[ ?)?({_NAMES})?( ?\]( ?,)?)?( ?#.*)?"
    bare = " ".join(line.split())  # runs of spaces would take the pattern quadratic time and more
    if re.fullmatch(alone, bare) is None:
        return None
    return Edit(path, number, line, (raw[:column] + more.encode() + raw[column:]).decode())


_NAME = r"""(?:'[^'\\]*'|"[^"\\]*")"""
_NAMES = rf"{_NAME}( ?, ?{_NAME})*( ?,)?"


def _values(tree: ast.AST, variable: str) -> Iterator[ast.expr]:
    """What is given to a name: as a keyword, by an assignment; None where it is given in another way."""
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg == variable:
            yield node.value
        elif isinstance(node, ast.Name) and node.id == variable and isinstance(node.ctx, ast.Store):
            yield next((one for one in _assigned(tree, node)), ast.Constant(None))


def _assigned(tree: ast.AST, name: ast.Name) -> Iterator[ast.expr]:
    return (node.value for node in ast.walk(tree) if isinstance(node, ast.Assign) and node.targets == [name])
