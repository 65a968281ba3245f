"""Which parts of the Linux kernel are there already, so that looking at them loads nothing.

Even listing can load a module: ``nft list`` asks for nf_tables, ``ipset save`` for ip_set. A module counts as
there when it is loaded (``/proc/modules``, ``/sys/module``), when it is built in (``modules.builtin`` or the
kernel's configuration), and where the kernel has no loadable modules at all (no ``/proc/modules``).
"""

from __future__ import annotations

import os
import sys
from functools import cache

from landiag.collect.reader import MODULE_OPTIONS


def is_present(module: str) -> bool:
    """Tell whether a module is loaded or built in; a system other than Linux has nothing to load."""
    if sys.platform != "linux" or not os.path.exists("/proc/modules"):
        return True
    if os.path.isdir(f"/sys/module/{module}") or f"{module} " in _read("/proc/modules"):
        return True
    release = os.uname().release
    if f"/{module}.ko" in _read(f"/lib/modules/{release}/modules.builtin"):
        return True
    option = MODULE_OPTIONS.get(module)
    return option is not None and f"\n{option}=y\n" in _read_config(release)


@cache
def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""


@cache
def _read_config(release: str) -> str:
    import gzip

    try:
        with gzip.open("/proc/config.gz", "rt", encoding="ascii", errors="replace") as file:
            return file.read()
    except OSError:
        return _read(f"/boot/config-{release}")
