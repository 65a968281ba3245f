"""The line where a program's address stands, and what to write there instead. Pure: the text is given.

Python sources are read as a syntax tree (``python_edit``), all else by the quoted address itself. When there
is more than one place that it could be, or none, there is no edit: a person has to look.
"""

from __future__ import annotations

import json
import ntpath
import posixpath
import re

from landiag.model.facts import Family
from landiag.model.lines import is_windows_path
from landiag.model.numbers import parse_port
from landiag.model.regex import regex
from landiag.model.report import Edit
from landiag.servers.arguments import Place, with_option
from landiag.servers.debugger import without_debugger
from landiag.servers.edit_line import QUOTED_LOOPBACK, replaced
from landiag.servers.kinds import ServerKind
from landiag.servers.recognise import Server

_CONFIGURATION = regex(r"\.(ini|conf|cfg|toml|ya?ml|xml|json|conf\.py)$")


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
    """Configuration files as named: those of the command line, else where this server looks itself."""
    called, kind = server.invocation, server.kind
    words = [word.split("=", 1)[-1] for word in called.arguments] if called else []
    named = [word for word in words if _CONFIGURATION.search(word)]
    if not named and kind.folder_option and called and kind.folder_option in called.arguments:
        return tuple(dict.fromkeys(posixpath.basename(name) for name in kind.files))
    if named and kind.how == "config":
        return tuple(named)
    return (*named, *(name for name in kind.files if name not in named))


def find_edit(
    server: Server, path: str, text: str, family: Family = Family.IPV4, port: int | None = None
) -> Edit | None:
    """What to change in this file so that the server listens everywhere; None when that cannot be told."""
    host = "::" if family is Family.IPV6 else "0.0.0.0"
    name = re.split(r"[\\/]", path)[-1]
    if name == "package.json":
        return _package_edit(server, path, text, host)
    if server.kind.debugger_pattern and re.search(server.kind.debugger_pattern, text, re.MULTILINE):
        return None
    if server.kind.pattern and not name.endswith(".py"):
        return _config_edit(server.kind, path, text, server.kind.wide or host, port)
    if name.endswith((".py", ".pyw")):
        from landiag.servers.python_edit import python_edit

        return python_edit(server.kind, path, text, host)
    return _quoted_edit(path, text, host)


def _absolute(name: str, cwd: str | None) -> str | None:
    if name.startswith("/") or is_windows_path(name):
        return name
    if cwd is None:
        return None
    if is_windows_path(cwd):
        return ntpath.normpath(ntpath.join(cwd, name))
    return posixpath.normpath(posixpath.join(cwd, name))


def _config_edit(kind: ServerKind, path: str, text: str, host: str, port: int | None) -> Edit | None:
    for number, line in enumerate(text.splitlines(), 1):
        match = re.search(kind.pattern, line)
        if match is None:
            continue
        groups = match.groupdict()
        if port and groups.get("port") and parse_port(groups["port"]) != port:
            continue
        group = next((name for name in ("host", "host2", "drop") if groups.get(name)), None)
        if group is None:
            continue
        start, end = match.span(group)
        shown = "" if group == "drop" else f"[{host}]" if ":" in host and line[end : end + 1] == ":" else host
        uncommented = line[:start].replace("#", "", 1) if line.lstrip().startswith("#") else line[:start]
        return Edit(path, number, line, uncommented + shown + line[end:])
    return None


def _quoted_edit(path: str, text: str, host: str) -> Edit | None:
    """The only quoted loopback address of a source in another language."""
    found = [
        (number, line, match)
        for number, line in enumerate(text.splitlines(), 1)
        for match in QUOTED_LOOPBACK.finditer(line)
        if re.search(r"(?i)host|listen|bind|addr|serve", line[: match.start()] + line[match.end() :])
    ]
    if len(found) != 1:
        return None
    number, line, match = found[0]
    return replaced(path, number, line, match.start("host"), match.end("host"), host)


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
    told = with_option(words, place, host, optional=server.kind.value_optional)
    changed = " ".join(without_debugger(server.kind, told))
    entry = re.compile(
        rf"(?<={re.escape(json.dumps(script))})\s*:\s*(?P<command>{re.escape(json.dumps(command))})"
    )
    for number, line in enumerate(text.splitlines(), 1):
        if match := entry.search(line):
            return replaced(path, number, line, *match.span("command"), json.dumps(changed))
    return None
