"""Live probes: connections that are opened, listened to for a moment, and closed. Nothing is sent over them."""

import errno
import socket
from concurrent.futures import ThreadPoolExecutor

QUIET_SECONDS = 1.0
"""How long an open connection is listened to."""

_AT_ONCE = 32
_UNREACHABLE = (
    errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EHOSTDOWN, errno.ENETDOWN, errno.EACCES, errno.EPERM,
)  # fmt: skip


def probe_all(places: list, seconds: float) -> list:
    """Probe every place (address, port); the outcomes are in its order."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return list(pool.map(lambda place: probe(place[0], place[1], seconds), places))


def probe(address: str, port: int, seconds: float) -> dict:
    """Open one connection: what a client gets, in the words of landiag's reports."""
    try:
        with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as connection:
            return _connect(connection, address, port, seconds)
    except OSError as error:
        return _describe(error.errno, error.strerror or str(error))


def _connect(connection: socket.socket, address: str, port: int, seconds: float) -> dict:
    connection.settimeout(seconds)
    try:
        connection.connect((address, port))
    except socket.timeout:
        # An ICMP error that arrives while connect() holds the socket wakes nobody: it waits to be asked for.
        late = connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        return _describe(late or errno.ETIMEDOUT, "nothing came back in {:g} s".format(seconds))
    return _listen(connection)


def _listen(connection: socket.socket) -> dict:
    connection.settimeout(QUIET_SECONDS)
    try:
        greeting = connection.recv(1)
    except socket.timeout:
        return {"outcome": "silent", "detail": "it opened; nothing was asked, nothing came"}
    except OSError as error:
        return {"outcome": "reset", "detail": "it opened, then {}".format(error.strerror)}
    if greeting:
        return {"outcome": "answered", "detail": "it opened, and the server spoke first"}
    return {"outcome": "reset", "detail": "it opened, and was closed without a byte"}


def _describe(number: int, text: str) -> dict:
    if number == errno.ECONNREFUSED:
        return {"outcome": "refused", "detail": text}
    if number in _UNREACHABLE:
        return {"outcome": "unreachable", "detail": text}
    if number == errno.ETIMEDOUT:
        return {"outcome": "timeout", "detail": text}
    return {"outcome": "unknown", "detail": text}
