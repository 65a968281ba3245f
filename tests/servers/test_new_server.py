"""A new server is one table of servers.toml, as tables.json holds it: nothing else has to name its variables."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import landiag
from landiag.knowledge.tables import TABLES
from tests.project.pages.tables import tables_json

TABLE = """
[brandnew]
title = "Brandnew"
programs = ["brandnew"]
environment = ["BRANDNEW_MODE"]
how = "environment"
variable = "BRANDNEW_BIND"

"""
LOOK = """
import sys
from landiag.collect.machine import parse_processes
from landiag.host.calls import processes
from landiag.servers.recognise import recognise
from landiag.servers.restart import (restart_command)

pid = int(sys.argv[1])
known = parse_processes(processes({"pids": str(pid)}, 5.0).decode())
server = recognise(known[pid], known)
print(sorted(known[pid].environment.items()))
print(*restart_command(server, known[pid]).commands)
"""


def test_variables_of_a_new_table_are_read_and_typed_again(tmp_path: Path) -> None:
    package = tmp_path / "landiag"
    shutil.copytree(Path(landiag.__file__).parent, package, ignore=shutil.ignore_patterns("__pycache__"))
    tables = package / "knowledge" / "servers.toml"
    tables.write_text(TABLE + tables.read_text())
    (package / "knowledge" / TABLES).write_text(tables_json(package / "knowledge"))
    program = tmp_path / "brandnew"
    program.symlink_to("/bin/sleep")
    variables = {"BRANDNEW_MODE": "quick", "BRANDNEW_BIND": "127.0.0.1", "UNRELATED": "private"}
    with subprocess.Popen([str(program), "60"], env=variables) as child:
        seen = subprocess.run(
            [sys.executable, "-c", LOOK, str(child.pid)],
            env={**os.environ, "PYTHONPATH": str(tmp_path)},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.splitlines()
        child.kill()
    assert seen[0] == "[('BRANDNEW_BIND', '127.0.0.1'), ('BRANDNEW_MODE', 'quick')]"
    assert seen[1] == f"BRANDNEW_MODE=quick BRANDNEW_BIND=0.0.0.0 {program} 60"
