"""Python calls behind the door that Windows needs: listening sockets, adapters, and keys of the registry.

Listing sockets and adapters works on other systems too, where psutil may. Answers are JSON bytes.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping

from landiag.collect.windows_state import REGISTRY_KEYS

_MAX_DEPTH = 6
_MAX_VALUES = 50_000


def listeners(_params: Mapping[str, str], _timeout: float) -> bytes:
    """List the TCP sockets that listen, with the processes that hold them."""
    import psutil

    try:
        found = psutil.net_connections("tcp")
    except psutil.Error as error:
        raise OSError(str(error)) from error
    rows = [
        {"address": one.laddr.ip, "port": one.laddr.port, "pid": one.pid}
        for one in found
        if one.status == psutil.CONN_LISTEN and one.laddr
    ]
    return json.dumps(rows).encode()


def adapters(_params: Mapping[str, str], _timeout: float) -> bytes:
    """List the network adapters with their addresses."""
    import psutil

    states = psutil.net_if_stats()
    rows = []
    for name, addresses in psutil.net_if_addrs().items():
        state = states.get(name)
        rows.append(
            {
                "name": name,
                "up": bool(state and state.isup),
                "mtu": state.mtu if state else None,
                "mac": next((one.address for one in addresses if one.family == psutil.AF_LINK), None),
                "addresses": [
                    [one.address, one.netmask] for one in addresses if one.family != psutil.AF_LINK
                ],
            }
        )
    return json.dumps(rows).encode()


def registry(_params: Mapping[str, str], _timeout: float) -> bytes:
    """Read the keys of ``REGISTRY_KEYS``: ``{"values": [[key, name, type, data]...], "missing": [key...]}``."""
    if sys.platform != "win32":
        raise OSError("this system has no registry")
    values: list[tuple[str, str, str, str]] = []
    missing: list[str] = []
    for key in REGISTRY_KEYS:
        try:
            for row in _values(key, 0):
                if len(values) < _MAX_VALUES:
                    values.append(row)
        except OSError:
            missing.append("HKLM\\" + key)
    return json.dumps({"values": values, "missing": missing}).encode()


def _values(key: str, depth: int) -> Iterator[tuple[str, str, str, str]]:
    """Every value below a key. Raises OSError when the key itself cannot be opened."""
    if sys.platform != "win32":
        return
    import winreg

    kinds = {1: "REG_SZ", 2: "REG_EXPAND_SZ", 4: "REG_DWORD"}
    with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, key) as opened:
        subkeys, count, _ = winreg.QueryInfoKey(opened)
        for index in range(count):
            name, data, kind = winreg.EnumValue(opened, index)
            if kind in kinds:
                yield f"HKLM\\{key}", str(name), kinds[kind], str(data)
        names = [winreg.EnumKey(opened, index) for index in range(subkeys)] if depth < _MAX_DEPTH else []
    for name in names:
        try:
            yield from _values(f"{key}\\{name}", depth + 1)
        except OSError:
            continue  # readable for administrators only, or gone since
