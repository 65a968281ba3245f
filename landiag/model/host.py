"""All facts of one host together."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from landiag.model.facts import Interface, Socket, Unknown
from landiag.model.neighbour import Neighbour
from landiag.model.process import Namespace, Process
from landiag.model.queue import Queue
from landiag.model.route import PolicyRule, Route
from landiag.model.ruleset import Ruleset


class Facts(Struct, frozen=True):
    """What is known of one host, neutral of its operating system.

    Every field is its value or the Unknown that says why nobody could look. ``os`` is ``linux``, ``windows``,
    ``macos``, ``freebsd`` or ``openbsd``; ``now`` is seconds since the epoch when the host was read.
    ``utc_offset`` is by how many seconds its zone is ahead of UTC (None: not told).
    ``sysctls`` holds the kernel settings that could be read, by dotted name; one that is absent is unknown.
    ``ruleset`` is every packet filter of the host lowered to one model. ``queues`` are those of every interface (None:
    nobody asked for them, or the system has none).
    """

    os: str
    now: float
    privileged: bool
    interfaces: tuple[Interface, ...] | Unknown
    routes: tuple[Route, ...] | Unknown
    policy_rules: tuple[PolicyRule, ...] | Unknown
    neighbours: tuple[Neighbour, ...] | Unknown
    sockets: tuple[Socket, ...] | Unknown
    processes: Mapping[int, Process] | Unknown
    namespaces: tuple[Namespace, ...] | Unknown
    sysctls: Mapping[str, str]
    ruleset: Ruleset | Unknown
    utc_offset: int | None = None
    queues: tuple[Queue, ...] | Unknown | None = None

    def owners(self, socket: Socket) -> tuple[Process, ...]:
        """Describe the processes that hold a socket; empty when they are not visible to this user."""
        known = {} if isinstance(self.processes, Unknown) else self.processes
        return tuple(known[pid] for pid in socket.pids if pid in known)

    @property
    def first_unprivileged(self) -> int:
        """The first port that everybody may take: Linux names it, the BSDs name the last that is reserved."""
        found = self.sysctls.get("net.ipv4.ip_unprivileged_port_start", "1024")
        last = self.sysctls.get("net.inet.ip.portrange.reservedhigh", "")
        return int(last) + 1 if last.isdecimal() else int(found) if found.isdecimal() else 1024
