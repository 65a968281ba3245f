"""Connections that have asked for nothing yet: few for each prefix, and the oldest make room for new ones. Pure."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Protocol

from landiag.model.addresses import ip_or_none

MOST = 320
"""Connections in all that may wait with no complete request: room stays for those that are being answered."""

MOST_PER_PREFIX = 128
"""Those of one IPv4 address or one IPv6 /64: whoever has one address there has all of them."""


def prefix_of(address: str) -> str:
    """Whose connections count together: an IPv4 address, or the /64 of an IPv6 address."""
    known = ip_or_none(address)
    return address if known is None or known.version == 4 else str(int(known) >> 64)


class Connection(Protocol):
    """What can be told to go."""

    def give_way(self) -> None:
        """Close it, if it still waits."""


class Waiting:
    """Counts connections while they wait, by prefix; names those that have to go. Thread-safe."""

    def __init__(self, most: int = MOST, most_per_prefix: int = MOST_PER_PREFIX) -> None:
        self._most, self._most_per_prefix = most, most_per_prefix
        self._lock = threading.Lock()
        self._by_prefix: dict[str, OrderedDict[Connection, None]] = {}
        self._surplus: list[Connection] = []

    def wait(self, connection: Connection, prefix: str) -> None:
        """A connection waits for a request; the oldest of the most crowded prefix makes room for it."""
        with self._lock:
            own = self._by_prefix.setdefault(prefix, OrderedDict())
            if connection in own:
                return
            own[connection] = None
            if len(own) > self._most_per_prefix:
                self._drop_oldest(prefix)
            elif sum(map(len, self._by_prefix.values())) > self._most:
                self._drop_oldest(max(self._by_prefix, key=lambda one: len(self._by_prefix[one])))

    def leave(self, connection: Connection, prefix: str) -> None:
        """A connection has a complete request, or is closed."""
        with self._lock:
            own = self._by_prefix.get(prefix)
            if own is None:
                return
            own.pop(connection, None)
            if not own:
                del self._by_prefix[prefix]

    def take_surplus(self) -> list[Connection]:
        """The connections that have to go since the last call; they are no longer counted."""
        with self._lock:
            surplus, self._surplus = self._surplus, []
            return surplus

    def _drop_oldest(self, prefix: str) -> None:
        oldest, _ = self._by_prefix[prefix].popitem(last=False)
        self._surplus.append(oldest)
