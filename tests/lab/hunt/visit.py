"""A visit to a server, as a client program makes it: several connections at once, one outcome a line as JSON.

Runs on a host of the lab (``python -I -S visit.py ADDRESS PORT COUNT PATIENCE PAUSE [NAME]``); the standard library
only: it may share no code and no error with landiag. ``PATIENCE`` is how many seconds an answer may take, ``PAUSE`` the
seconds between two connections; 0: all at once. ``NAME`` is asked for in place of the address.
"""

from __future__ import annotations

import errno
import json
import socket
import sys
import threading
import time

NAME = sys.argv[6] if len(sys.argv) > 6 else ""
CONNECT_SECONDS = 2.4  # two SYNs, at 0 and at 1 s, and an ICMP error that is believed at the second only
RESET = (errno.ECONNRESET, errno.EPIPE, errno.ECONNABORTED)
REFUSED = (errno.ECONNREFUSED,)
UNREACHABLE = (
    errno.EHOSTUNREACH,
    errno.ENETUNREACH,
    errno.EACCES,
    errno.EPERM,
    errno.EHOSTDOWN,
    errno.ENETDOWN,
)


def visit(address: str, port: int, patience: float) -> dict[str, object]:
    """One connection: ``{"outcome", "status"}`` in the words of ``client_sees``."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    client = socket.socket(family, socket.SOCK_STREAM)
    client.settimeout(CONNECT_SECONDS)
    try:
        client.connect((address, port))
    except OSError as error:
        client.close()
        return {"outcome": _failure(error), "status": None}
    client.settimeout(patience)
    with client:
        return _ask(client, address, port, patience)


def _failure(error: OSError) -> str:
    if error.errno in RESET:
        return "reset"
    if error.errno in REFUSED:
        return "refused"
    return "unreachable" if error.errno in UNREACHABLE else "timeout"


def _ask(client: socket.socket, address: str, port: int, patience: float) -> dict[str, object]:
    host = NAME or (f"[{address}]" if ":" in address else address)
    answer = b""
    cut = False
    try:
        client.sendall(f"GET / HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n".encode())
        while data := client.recv(65536):
            answer += data
    except TimeoutError:
        cut = True
    except OSError:
        pass
    if not answer:
        return {"outcome": "silent" if cut else "reset", "status": None}
    return _judge(answer, cut)


def _judge(answer: bytes, cut: bool) -> dict[str, object]:
    if not answer.startswith(b"HTTP/"):
        return {"outcome": "answered", "status": None}
    head, _, body = answer.partition(b"\r\n\r\n")
    lengths = [
        int(line.split(b":")[1])
        for line in head.lower().split(b"\r\n")
        if line.startswith(b"content-length:")
    ]
    if cut and lengths and len(body) < lengths[0]:
        return {"outcome": "stalled", "status": None}
    return {"outcome": "answered", "status": int(answer.split(maxsplit=2)[1])}


def main() -> None:
    """Make the visits and print them in the order in which they ended."""
    address, port, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    patience, pause = float(sys.argv[4]), float(sys.argv[5])
    outcomes: list[dict[str, object]] = []
    threads = [
        threading.Thread(target=lambda: outcomes.append(visit(address, port, patience))) for _ in range(count)
    ]
    for thread in threads:
        thread.start()
        time.sleep(pause)
    for thread in threads:
        thread.join()
    print(json.dumps(outcomes))


if __name__ == "__main__":
    main()
