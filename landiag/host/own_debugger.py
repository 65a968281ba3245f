"""Whether an application brings a debugger of its own, which no option of its server takes out."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping

from landiag.host.calls import processes, text_of_owner
from landiag.model.regex import regex
from landiag.servers.python_debugger import MIDDLEWARE

_MOST_FILES = 2000
_NOT_ITS_OWN = frozenset(("node_modules", "site-packages", "dist-packages", "venv", "env", "__pycache__"))
_WORD = regex(rf"\b(?:{'|'.join(sorted(MIDDLEWARE))})\b")


def own_debugger(params: Mapping[str, str], timeout: float) -> bytes:
    """Whether a Python source in the folder of the process ``pid`` names a debugger's middleware.

    Only this leaves: true, false, or ``null`` where there is no source, or more than could be looked through.
    """
    return json.dumps({"found": _look(params, timeout, time.monotonic() + timeout)}).encode()


def _look(params: Mapping[str, str], timeout: float, deadline: float) -> bool | None:
    from landiag.collect.machine import parse_processes

    process = parse_processes(processes({"pids": params["pid"]}, timeout).decode()).get(int(params["pid"]))
    if process is None or process.cwd is None:
        return None
    count = 0
    for path in _sources(process.cwd, deadline):
        count += 1
        text = None if path is None or count > _MOST_FILES else text_of_owner(path, process.uid)
        if text is None:
            return None
        if _WORD.search(text):
            return True
    return False if count else None


def _sources(folder: str, deadline: float) -> Iterator[str | None]:
    """The Python sources of a folder; None where time is over, which a large tree without any takes as well."""
    for path, folders, files in os.walk(folder):
        if time.monotonic() > deadline:
            yield None
        folders[:] = sorted(one for one in folders if one[0] != "." and one not in _NOT_ITS_OWN)
        yield from (os.path.join(path, name) for name in sorted(files) if name.endswith((".py", ".pyw")))
