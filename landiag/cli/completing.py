"""What a shell completes: codes, listening ports, interfaces, and the values that an option takes."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable

from landiag.model.causes import CODES
from landiag.model.terms import CHECK_NAMES

SCHEMES = ("auto", "http", "https", "tcp")


def _beginning(words: Iterable[str], typed: str) -> list[str]:
    return [word for word in words if word.startswith(typed)]


def one_of(*words: str) -> Callable[[str], list[str]]:
    """Complete one of a few words."""

    def complete(incomplete: str) -> list[str]:
        return _beginning(words, incomplete)

    return complete


schemes = one_of(*SCHEMES)


def codes(incomplete: str) -> list[str]:
    """Complete the code of a finding."""
    return _beginning(CODES, incomplete)


def checks(incomplete: str) -> list[str]:
    """Complete the last of a list of checks, none of them twice."""
    before, comma, last = incomplete.rpartition(",")
    left = (name for name in CHECK_NAMES if name not in before.split(","))
    return [f"{before}{comma}{name}" for name in _beginning(left, last)]


def interfaces(incomplete: str) -> list[str]:
    """Complete the name of a network interface."""
    return _beginning(sorted(name for _, name in socket.if_nameindex()), incomplete)


def ports(incomplete: str) -> list[str]:
    """Complete a port on which something listens; none where the system does not tell an ordinary user."""
    import psutil

    try:
        listening = [one for one in psutil.net_connections("tcp") if one.status == psutil.CONN_LISTEN]
    except psutil.AccessDenied:
        return []
    return _beginning(map(str, sorted({one.laddr.port for one in listening if one.laddr})), incomplete)
