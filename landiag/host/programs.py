"""Where programs are looked up: in the system's own folders, never through the caller's PATH."""

from __future__ import annotations

import os

from landiag.host.windows import system_folders

_APPLICATION_FIREWALL = "/usr/libexec/ApplicationFirewall"
SAFE_PATH = system_folders() or ("/usr/sbin", "/usr/bin", "/sbin", "/bin", _APPLICATION_FIREWALL)
"""Where commands are looked up: normal users often lack sbin, and root must not trust the caller's PATH."""


def find_program(name: str, path: tuple[str, ...] = SAFE_PATH) -> str | None:
    """Find a program by its bare name in the given folders; None when it is in none of them."""
    for folder in path:
        candidate = os.path.join(folder, name if os.name == "posix" or "." in name else f"{name}.exe")
        if os.path.isfile(candidate) and os.access(candidate, os.X_OK):
            return candidate
    return None
