"""The figure of ``list``: a machine with many listeners and routes, replayed in process.

``python bench/listing.py [LISTENERS] [ROUTES] [CASE]`` takes a recorded case, puts listeners and routes in, and times
what ``landiag list`` does once everything is read: parsing, and who reaches each listener.
"""

from __future__ import annotations

import resource
import sys
import time
from collections import Counter

from landiag.host import RecordedHost, Recorder
from landiag.host.casefile import parse_case
from landiag.listeners import list_listeners
from landiag.model.facts import Unknown
from tests.cases import RECORDED
from tests.machines.many_listeners import enlarged

CASE = "linux-ufw-limits"
LISTENERS, ROUTES = 4_000, 50_000


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
