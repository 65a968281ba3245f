"""What a call that starts a Python server needs so that no debugger is reachable with it. Pure.

Werkzeug's debugger (Flask, Dash, Flask-SocketIO, ``run_simple``) runs what its caller types. Other frameworks
show tracebacks at most. Where it cannot be told which of them a call belongs to, a person has to look.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from msgspec import Struct

_DEBUG_SETS_IT = frozenset(("connexion", "dash", "eve", "flask_appbuilder", "flask_socketio", "jupyter_dash"))
"""Modules whose ``debug=True`` shows the debugger's page, or more, whatever else the call says."""

_NO_DEBUGGER = frozenset(
    ("aiohttp", "blacksheep", "bokeh", "bottle", "cherrypy", "falcon", "fastapi", "flet", "gevent", "gradio")
    + ("http", "hypercorn", "litestar", "microdot", "nicegui", "panel", "quart", "robyn", "sanic", "socket")
    + ("socketserver", "starlette", "streamlit", "tornado", "uvicorn", "waitress", "wsgiref")
)
MIDDLEWARE = frozenset(("DebuggedApplication", "DebuggedJinjaApplication", "EvalException"))
"""What an application is wrapped in that shows its debugger, whatever starts it."""

_STARTS_ANY = frozenset(("run", "run_server"))


class Quiet(Struct, frozen=True):
    """The keyword that must be false. ``value`` is what stands for it now; None where it has to be added."""

    name: str
    value: ast.expr | None = None


class CannotTell(Exception):  # noqa: N818 - an answer, not an error
    """Nobody can tell from this source whether a debugger would be reachable."""


def quiet_keyword(tree: ast.Module, call: ast.Call, library: str) -> Quiet | None:
    """Name the keyword that keeps the debugger off; None where this call starts none.

    ``library`` is what answers over HTTP, empty when that is not known. Raises CannotTell.
    """
    if any(_last_name(node) in MIDDLEWARE for node in ast.walk(tree)):
        raise CannotTell
    name = _last_name(call.func)
    if name == "run_simple":
        return _of_run_simple(call)
    if name not in _STARTS_ANY or library not in ("", "werkzeug"):
        return None
    module = _module_of(tree, call.func)
    if module in _DEBUG_SETS_IT:
        return _keyword(call, "debug")
    if module in _NO_DEBUGGER:
        return None
    if module == "flask" or library == "werkzeug":
        return _keyword(call, "use_debugger")  # the reloader stays
    raise CannotTell


def _of_run_simple(call: ast.Call) -> Quiet | None:
    """``run_simple(hostname, port, application, use_reloader, use_debugger)``: off unless it says otherwise."""
    if len(call.args) > 4:
        return Quiet("use_debugger", call.args[4])
    found = _keyword(call, "use_debugger")
    return found if found is None or found.value is not None else None


def _keyword(call: ast.Call, name: str) -> Quiet | None:
    if any(keyword.arg is None for keyword in call.keywords):
        raise CannotTell  # what ** brings may set it as well
    value = next((keyword.value for keyword in call.keywords if keyword.arg == name), None)
    is_off = isinstance(value, ast.Constant) and value.value is False
    return None if is_off else Quiet(name, value)


def _last_name(node: ast.AST) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    if isinstance(node, ast.alias):
        return node.name.rpartition(".")[2]
    return node.id if isinstance(node, ast.Name) else ""


def _module_of(tree: ast.Module, node: ast.expr) -> str:
    """The top module that an object comes from: its import, or the class that it was made with; else empty."""
    known = dict(_imported(tree))
    name, made = _root(node), dict(_made(tree))
    for _ in range(4):  # an instance of a class of a module
        if name in known:
            return known[name]
        name = made.get(name, "")
    return ""


def _root(node: ast.expr) -> str:
    while isinstance(node, ast.Attribute | ast.Call):
        node = node.value if isinstance(node, ast.Attribute) else node.func
    return node.id if isinstance(node, ast.Name) else ""


def _imported(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for one in node.names:
                yield (one.asname or one.name.partition(".")[0]), one.name.partition(".")[0]
        elif isinstance(node, ast.ImportFrom):
            for one in node.names:
                yield (one.asname or one.name), ("" if node.level else (node.module or "").partition(".")[0])


def _made(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    yield target.id, _root(node.value)
