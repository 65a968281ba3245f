"""Whether an application brings a debugger of its own: asked of a real process in a real folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from landiag.host.own_debugger import own_debugger

WRAPS = "from werkzeug.debug import DebuggedApplication\n"


def found_in(folder: Path, timeout: float = 5.0) -> bool | None:
    """What is said of a process that runs in this folder."""
    process = subprocess.Popen((sys.executable, "-c", "input()"), stdin=subprocess.PIPE, cwd=folder)
    try:
        found: bool | None = json.loads(own_debugger({"pid": str(process.pid)}, timeout))["found"]
    finally:
        process.kill()
        process.communicate()
    return found


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ({"shop.py": WRAPS}, True),
        ({"shop.py": "import flask\n", "inner/run.pyw": WRAPS}, True),
        ({"shop.py": "import flask\n", "venv/lib.py": WRAPS, ".git/old.py": WRAPS}, False),
        ({"readme.txt": WRAPS}, None),
    ],
    ids=["in the script", "in a folder", "elsewhere", "no source"],
)
def test_the_sources_of_its_folder_are_looked_through(
    tmp_path: Path, files: dict[str, str], found: bool | None
) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert found_in(tmp_path) is found


def test_a_large_tree_without_sources_takes_no_longer_than_there_is_time(tmp_path: Path) -> None:
    for number in range(3000):
        os.mkdir(tmp_path / str(number))
    (tmp_path / "zz.py").write_text("import flask\n", encoding="utf-8")
    started = time.process_time()
    assert found_in(tmp_path, timeout=0.0) is None
    assert time.process_time() - started < 2
