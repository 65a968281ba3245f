"""The proxy settings of GNOME and the desktops that share them, which browsers follow there."""

from __future__ import annotations

import os
import subprocess

from landiag.collect.exchanges.gnome import SCHEMA, parse_gnome_proxies
from landiag.host.programs import find_program

_SECONDS = 1.0


def read_gnome_proxies(timeout: float) -> dict[str, str]:
    """Read the settings as if they were variables; empty outside a desktop and where there are none."""
    if not os.environ.get("XDG_CURRENT_DESKTOP"):
        return {}
    program = find_program("gsettings")
    if program is None:
        return {}
    try:
        done = subprocess.run(
            (program, "list-recursively", SCHEMA),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=min(timeout, _SECONDS),
            check=False,
            env={**os.environ, "LC_ALL": "C"},
        )
    except (OSError, subprocess.TimeoutExpired):
        return {}
    return parse_gnome_proxies(done.stdout.decode("utf-8", "replace"))
