"""The variables that commands are started with, besides those that every one gets."""

from __future__ import annotations

import os
import sys

RUNTIMES = "/run/user"
"""Where systemd-logind keeps what is a user's own while he runs anything; cron and su do not name it."""


def inherited_variables() -> dict[str, str]:
    """The variables without which programs of Windows do not start; elsewhere where a user's own systemd is found."""
    if sys.platform != "win32":
        place = os.environ.get("XDG_RUNTIME_DIR") or f"{RUNTIMES}/{os.geteuid()}"
        return {"XDG_RUNTIME_DIR": place} if os.geteuid() != 0 and os.path.isdir(place) else {}
    kept = (
        "SYSTEMROOT",
        "SYSTEMDRIVE",
        "WINDIR",
        "TEMP",
        "TMP",
        "USERPROFILE",
        "APPDATA",
        "LOCALAPPDATA",
    ) + (
        "PROGRAMFILES",
        "PROGRAMDATA",
        "PROCESSOR_ARCHITECTURE",
        "NUMBER_OF_PROCESSORS",
        "PATHEXT",
        "COMSPEC",
    )
    return {name: os.environ[name] for name in kept if name in os.environ}
