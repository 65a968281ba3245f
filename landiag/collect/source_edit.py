"""The line where a program's address stands, and what to write there instead. Pure: the text is given.

Python sources are read as a syntax tree, everything else by the quoted address itself. When there is more
than one place that it could be, or none, there is no edit: a person has to look.
"""

from __future__ import annotations

import ast
import json
import re
import warnings
from pathlib import PurePosixPath, PureWindowsPath

from landiag.collect.arguments import Place, with_option
from landiag.collect.invocation import is_windows_path
from landiag.collect.servers import Server, ServerKind
from landiag.model.facts import Family
from landiag.model.report import Edit

_LOOPBACK = r"localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[?::1\]?"
_QUOTED_LOOPBACK = re.compile(rf"(?P<quote>['\"`])(?P<host>{_LOOPBACK})(?P=quote)")


_CONFIGURATION = re.compile(r"\.(ini|conf|cfg|toml|ya?ml|xml|json|conf\.py)$")


def edit_files(server: Server) -> tuple[str, ...]:
    """The files, absolute, in which the address that a server listens on may stand; the likeliest first."""
    called = server.invocation
    names = list(configuration_files(server))
    if called and called.script:
        names.insert(0, called.script)
    elif called and called.runtime == "python" and called.program not in {"-c", "python"}:
        module = called.program.replace(".", "/")
        names = [f"{module}.py", f"{module}/__main__.py", *names]
    if server.script:
        names.append("package.json")
    return tuple(path for name in names if (path := _absolute(name, server.process.cwd)))


def configuration_files(server: Server) -> tuple[str, ...]:
    """Configuration files as named: those of the command line, then where this server looks itself."""
    called = server.invocation
    words = [word.split("=", 1)[-1] for word in called.arguments] if called else []
    named = [word for word in words if _CONFIGURATION.search(word)]
    return (*named, *(name for name in server.kind.files if name not in named))


def find_edit(
    server: Server, path: str, text: str, family: Family = Family.IPV4, port: int | None = None
) -> Edit | None:
    """What to change in this file so that the server listens everywhere; None when that cannot be told."""
    host = "::" if family is Family.IPV6 else "0.0.0.0"
    name = re.split(r"[\\/]", path)[-1]
    if name == "package.json":
        return _package_edit(server, path, text, host)
    if server.kind.pattern and not name.endswith(".py"):
        return _config_edit(server.kind, path, text, server.kind.wide or host, port)
    if name.endswith((".py", ".pyw")):
        return _python_edit(server.kind, path, text, host)
    return _quoted_edit(path, text, host)


def _absolute(name: str, cwd: str | None) -> str | None:
    if name.startswith("/") or is_windows_path(name):
        return name
    if cwd is None:
        return None
    return str((PureWindowsPath if is_windows_path(cwd) else PurePosixPath)(cwd, name))


def _config_edit(kind: ServerKind, path: str, text: str, host: str, port: int | None) -> Edit | None:
    for number, line in enumerate(text.splitlines(), 1):
        match = re.search(kind.pattern, line)
        if match is None:
            continue
        groups = match.groupdict()
        if port and groups.get("port") and int(groups["port"]) != port:
            continue
        group = next((name for name in ("host", "host2", "drop") if groups.get(name)), None)
        if group is None:
            continue
        start, end = match.span(group)
        shown = "" if group == "drop" else f"[{host}]" if ":" in host and line[end : end + 1] == ":" else host
        uncommented = line[:start].replace("#", "", 1) if line.lstrip().startswith("#") else line[:start]
        return Edit(path, number, line, uncommented + shown + line[end:])
    return None


def _python_edit(kind: ServerKind, path: str, text: str, host: str) -> Edit | None:
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
    if not re.fullmatch(_LOOPBACK, node.value):
        return None
    line = text.splitlines()[node.lineno - 1]
    found = next((m for m in _QUOTED_LOOPBACK.finditer(line) if m["host"] == node.value), None)
    return _replaced(path, node.lineno, line, found.start("host"), found.end("host"), host) if found else None


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
        return _replaced(path, line_number, line, opening + 1, opening + 1, written)
    if not call.args:
        return _replaced(path, line_number, line, opening + 1, opening + 1, f"{written}, ")
    last = call.args[-1]
    if last.end_lineno != line_number or last.end_col_offset is None:
        return None
    return _replaced(path, line_number, line, last.end_col_offset, last.end_col_offset, f", {written}")


def _quoted_edit(path: str, text: str, host: str) -> Edit | None:
    """The only quoted loopback address of a source in another language."""
    found = [
        (number, line, match)
        for number, line in enumerate(text.splitlines(), 1)
        for match in _QUOTED_LOOPBACK.finditer(line)
        if re.search(r"(?i)host|listen|bind|addr|serve", line[: match.start()] + line[match.end() :])
    ]
    if len(found) != 1:
        return None
    number, line, match = found[0]
    return _replaced(path, number, line, match.start("host"), match.end("host"), host)


def _package_edit(server: Server, path: str, text: str, host: str) -> Edit | None:
    """The script of package.json that starts the server, with its own option changed."""
    script = server.script.words[-2 if server.script.words[-1] == "--" else -1] if server.script else ""
    try:
        command = json.loads(text)["scripts"][script]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    if not isinstance(command, str):
        return None
    words = tuple(command.split(" "))
    if not {word.split("=", 1)[0] for word in words} & set(server.kind.options):
        return None
    place = Place(server.kind.options, server.kind.style, "last")
    changed = " ".join(with_option(words, place, host, optional=server.kind.value_optional))
    wanted = f"{json.dumps(script)}: {json.dumps(command)}"
    for number, line in enumerate(text.splitlines(), 1):
        if re.sub(r"\s*:\s*", ": ", line.strip().rstrip(","), count=1) == wanted:
            return Edit(path, number, line, line.replace(json.dumps(command), json.dumps(changed)))
    return None


def _replaced(path: str, number: int, line: str, start: int, end: int, written: str) -> Edit:
    return Edit(path, number, line, (line[:start] + written + line[end:]).rstrip())
