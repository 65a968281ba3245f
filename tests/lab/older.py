"""Programs that Debian does not have, fetched once for the lab into the user's cache: an older Flask, and Vite."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from pathlib import Path

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "landiag-lab"
FLASK_23 = CACHE / "flask-2.3"
VITE = CACHE / "vite"

FETCH = {
    str(FLASK_23): [
        *[sys.executable, "-m", "pip", "install", "--quiet", "--target", str(FLASK_23)],
        *["flask==2.3.3", "werkzeug==2.3.8"],
    ],
    str(VITE): ["npm", "install", "--silent", "--prefix", str(VITE), "vite@6"],
}


def missing(needs: str) -> str:
    """Why a scenario that needs this program cannot be built; empty when it can. Fetches what can be fetched."""
    if needs not in FETCH:
        return "" if not needs or shutil.which(needs) else f"{needs} is not installed"
    CACHE.mkdir(parents=True, exist_ok=True)
    done = Path(f"{needs}.done")
    with Path(f"{needs}.lock").open("w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            fetched = subprocess.run(FETCH[needs], capture_output=True, text=True, check=False, timeout=300)
            if fetched.returncode:
                return f"{Path(needs).name} could not be fetched: {fetched.stderr[-300:]}"
            done.touch()
    return ""
