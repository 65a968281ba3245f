"""The figure of ``list``: a machine with many listeners and routes, replayed in process.

``python bench/listing.py [LISTENERS] [ROUTES] [CASE]`` takes a recorded case, puts listeners and routes in, and times
what ``landiag list`` does once everything is read: parsing, and who reaches each listener.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections import Counter
from collections.abc import Mapping

from msgspec.structs import replace

from landiag.host import RecordedHost, Recorder
from landiag.host.casefile import parse_case
from landiag.host.recording import undamaged
from landiag.listeners import list_listeners
from landiag.model.facts import Reading, Unknown
from tests.cases import RECORDED

CASE = "linux-ufw-limits"
LISTENERS, ROUTES = 4_000, 50_000


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


def main() -> None:
    """Time one listing."""
    numbers = [int(word) for word in sys.argv[1:3]]
    listeners, routes = [*numbers, *(LISTENERS, ROUTES)[len(numbers) :]]
    name = sys.argv[3] if len(sys.argv) > 3 else CASE
    fixture = parse_case(name, RECORDED[name].read_bytes())
    readings = enlarged(fixture.recording.readings, listeners, routes)
    began = time.process_time()
    found = list_listeners(Recorder(RecordedHost(readings)), float("inf"))
    taken = time.process_time() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    assert not isinstance(found, Unknown), found
    answers = Counter((one.reached, one.cause) for one in found)
    print(f"{len(found)} listeners, {routes} routes: {taken:.2f} s of CPU time, peak {peak:.0f} MB")
    for (reached, cause), count in answers.most_common():
        print(f"  {count:6} {reached} {cause or ''}")


if __name__ == "__main__":
    main()
