"""The collection where Ansible looks for it, and Ansible's commands with nothing of the user's own settings."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
COLLECTION = REPOSITORY / "ansible" / "landiag"
PROGRAMS = Path(sys.executable).parent


def lay_out(folder: Path) -> Path:
    """A folder of collections that holds this one."""
    place = folder / "ansible_collections" / "landiag"
    place.mkdir(parents=True)
    (place / "landiag").symlink_to(COLLECTION)
    return folder


def run(
    program: str, *words: str | Path, home: Path, collections: Path, **settings: str
) -> subprocess.CompletedProcess[str]:
    """Run a command of Ansible in ``home``, where alone it writes."""
    environment = {
        "PATH": f"{PROGRAMS}:{os.environ['PATH']}", "HOME": str(home), "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8",
        "ANSIBLE_HOME": str(home / "ansible-home"), "ANSIBLE_COLLECTIONS_PATH": str(collections),
        "ANSIBLE_CONNECTION_PLUGINS": str(REPOSITORY / "tests" / "ansible" / "connection"), "ANSIBLE_NOCOLOR": "1",
        "PYTHONPATH": str(REPOSITORY), "PWD": str(home), **settings,
    }  # fmt: skip
    argv = (PROGRAMS / program, *words)
    return subprocess.run(
        argv, env=environment, cwd=home, capture_output=True, text=True, check=False, timeout=120
    )
