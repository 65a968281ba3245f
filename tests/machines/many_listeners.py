"""A recorded machine with many listeners and routes put in."""

from __future__ import annotations

import json
from collections.abc import Mapping

from msgspec.structs import replace

from landiag.host.recording import undamaged
from landiag.model.facts import Reading


def socket_line(number: int) -> str:
    """A listener: mostly on every address, some on loopback, some on one address."""
    address = ("0.0.0.0", "0.0.0.0", "127.0.0.1", "192.168.77.10")[number % 4]
    return (
        f"LISTEN 0      128    {address}:{1024 + number} 0.0.0.0:*"
        f' users:(("flask",pid=178,fd=3)) ino:{5000000 + number} sk:{number:x} cgroup:/ <->'
    )


def route(number: int) -> Mapping[str, object]:
    """A route behind the gateway, as a router's table has many."""
    network = f"{100 + (number >> 16)}.{number >> 8 & 255}.{number & 255}.0/24"
    return {"dst": network, "gateway": "192.168.77.1", "dev": "eth0", "flags": []}


def enlarged(readings: Mapping[str, Reading], listeners: int, routes: int) -> dict[str, Reading]:
    """The readings of the same machine with more of both."""
    found = {name: undamaged(reading) for name, reading in readings.items()}
    sockets = "\n".join(map(socket_line, range(listeners))).encode()
    known = json.loads(found["ip-routes-4"].data)
    table = json.dumps([*known, *map(route, range(routes))]).encode()
    for name, data in (("ss-listeners", sockets), ("ip-routes-4", table)):
        found[name] = replace(found[name], data=data)
    return found
