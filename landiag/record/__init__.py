"""A whole host in one recording, without asking for a port: every listener, rule, route and address of it."""

from __future__ import annotations

from datetime import datetime, timezone

from landiag.collect import linux
from landiag.collect.bans import BANNED
from landiag.collect.systemd import OF_SYSTEMD, unit_sources
from landiag.gather import gather
from landiag.host import Recorder, Recording
from landiag.model.facts import Unknown
from landiag.model.report import Target
from landiag.version import __version__

COMMAND = "record"
"""The option ``command`` of a recording of a whole host."""


def record_host(recorder: Recorder, deadline: float) -> Recording:
    """Read everything that any port's diagnosis needs of a host; nothing is sent to its network.

    Raises UsageError where not even the machine could be described. ``deadline`` is on ``time.monotonic()``'s clock.
    """
    machine, facts = gather(recorder, deadline)
    if facts.os == "linux":
        known = () if isinstance(facts.sockets, Unknown) else facts.sockets
        inside = linux.plan_namespaces(recorder.readings)
        recorder.read_all((*inside, *unit_sources(known), *OF_SYSTEMD, BANNED), deadline)
    created = datetime.fromtimestamp(machine.now, timezone.utc).isoformat(timespec="seconds")
    return Recording(Target(port=None), created, __version__, recorder.readings, {"command": COMMAND})
