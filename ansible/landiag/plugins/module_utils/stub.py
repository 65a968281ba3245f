"""Stub listeners: sockets on one address each, where nobody listens, that take connections and say nothing.

They live in a process of their own, which ends by a timer that it has before it listens, whatever becomes of whoever
started it.
"""

import os
import select
import signal
import socket
import sys
import time

MOST_CONNECTIONS = 256
_LISTENING = "0A"


def busy_ports() -> set:
    """The ports on which somebody on this host listens, on whatever address."""
    found = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            with open(table) as file:
                rows = [line.split() for line in file][1:]
        except OSError:
            continue
        found.update(int(row[1].rpartition(":")[2], 16) for row in rows if row[3] == _LISTENING)
    return found


def bind_all(places: list) -> tuple:
    """Listen on each place (address, port): the sockets, and for each of the others the reason."""
    bound, refused, busy = [], [], busy_ports()
    for address, port in places:
        if port in busy:
            refused.append([address, port, "somebody listens on that port"])
            continue
        try:
            bound.append(_bind(address, port))
        except OSError as error:
            refused.append([address, port, error.strerror or str(error)])
    return bound, refused


def _bind(address: str, port: int) -> socket.socket:
    """Listen on this one address: an unspecified one would be all of them."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    number = socket.inet_pton(family, address)
    if not any(number):
        raise OSError("it is not one address")
    listener = socket.socket(family)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((address, port))
        listener.listen(64)
    except OSError:
        listener.close()
        raise
    return listener


def detach(listeners: list, seconds: int) -> None:
    """Serve in a process of its own, of no session of ours, for so many seconds; return at once."""
    sys.stdout.flush()
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        return
    try:
        os.setsid()
        if not os.fork():
            # The timer's default is to end the process, in whatever line it is.
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            signal.alarm(seconds)
            signal.signal(signal.SIGHUP, signal.SIG_IGN)
            _keep_only(listeners)
            serve(listeners, time.monotonic() + seconds)
    finally:
        os._exit(0)


def _keep_only(listeners: list) -> None:
    """Let go of everything that was inherited: the connection to the controller above all."""
    os.chdir("/")
    empty = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(empty, descriptor)
    kept = {listener.fileno() for listener in listeners}
    for name in os.listdir("/proc/self/fd"):
        if int(name) > 2 and int(name) not in kept:
            try:
                os.close(int(name))
            except OSError:
                pass


def serve(listeners: list, deadline: float) -> None:
    """Take connections until the deadline and hold them; nothing is read, nothing is sent."""
    held = []
    while True:
        left = deadline - time.monotonic()
        if left <= 0:
            return
        for listener in select.select(listeners, [], [], left)[0]:
            held.append(listener.accept()[0])
            if len(held) > MOST_CONNECTIONS:
                held.pop(0).close()
