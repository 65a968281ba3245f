"""A client, as plain as one can be: connects, asks for the page, says in one word what came of it.

Runs on a host of the lab as a script of its own
(``python -I -S exchange.py HOST PORT SCHEME COUNT NAME [SECONDS]``) and prints one outcome a line. It
imports the standard library only: it may share no code and no error with landiag.
"""

from __future__ import annotations

import errno
import select
import socket
import ssl
import struct
import sys
import time

CONNECT_SECONDS = 1.7  # one retransmission of the SYN falls into it
ANSWER_SECONDS = float(sys.argv[6]) if len(sys.argv) > 6 else 2.5
ICMP = {
    (2, 3, 0): "net-unreachable",
    (2, 3, 1): "host-unreachable",
    (2, 3, 3): "port-unreachable",
    (2, 3, 9): "net-prohibited",
    (2, 3, 10): "host-prohibited",
    (2, 3, 13): "admin-prohibited",
    (3, 1, 0): "no-route",
    (3, 1, 1): "admin-prohibited",
    (3, 1, 3): "addr-unreachable",
    (3, 1, 4): "port-unreachable",
}
_IP_RECVERR, _IPV6_RECVERR, _MSG_ERRQUEUE = 11, 25, 0x2000


def connect(host: str, port: int) -> socket.socket | str:
    """A connected socket, or what came: ``refused``, ``rejected WHY``, ``timeout``, ``unreachable``."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    client = socket.socket(family, socket.SOCK_STREAM)
    if family == socket.AF_INET6:
        client.setsockopt(socket.IPPROTO_IPV6, _IPV6_RECVERR, 1)
    else:
        client.setsockopt(socket.IPPROTO_IP, _IP_RECVERR, 1)
    client.setblocking(False)
    error = client.connect_ex((host, port))
    if error == errno.EINPROGRESS:
        select.select([], [client], [], CONNECT_SECONDS)
        error = client.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if not error and not _is_connected(client):
            error = errno.ETIMEDOUT
    if not error:
        client.settimeout(ANSWER_SECONDS)
        return client
    outcome = _explain(client, error)
    client.close()
    return outcome


def _is_connected(client: socket.socket) -> bool:
    try:
        client.getpeername()
    except OSError:
        return False
    return True


def _explain(client: socket.socket, error: int) -> str:
    """Name a failed connect by the ICMP message behind it, if there was one (struct sock_extended_err)."""
    try:
        _, ancillary, _, _ = client.recvmsg(512, 512, _MSG_ERRQUEUE)
    except OSError:
        ancillary = []
    for _, _, data in ancillary:
        _, origin, kind, code = struct.unpack_from("=IBBB", data)
        if (origin, kind, code) in ICMP and origin != 1:
            return f"rejected {ICMP[origin, kind, code]}"
    names = {
        errno.ECONNREFUSED: "refused",
        errno.EHOSTUNREACH: "unreachable",
        errno.ENETUNREACH: "unreachable",
        errno.ECONNRESET: "reset",
    }
    return names.get(error, "timeout")


def ask(client: socket.socket, host: str, port: int, scheme: str, name: str) -> str:
    """Ask for the page: ``served``, ``http STATUS``, ``silent``, ``stalled``, ``closed``, ``reset``, ``not-http``."""
    authority = f"{name or (f'[{host}]' if ':' in host else host)}:{port}"
    request = (
        f"GET / HTTP/1.1\r\nHost: {authority}\r\nUser-Agent: lab\r\nAccept: */*\r\nConnection: close\r\n\r\n"
    )
    try:
        if scheme == "https":
            client = _tls(client)
        client.sendall(request.encode())
        answer = _read_all(client)
    except TimeoutError:
        return "silent"
    except (ConnectionError, ssl.SSLError):
        return "reset"
    if not answer:
        return "closed"
    if not answer.startswith(b"HTTP/"):
        return "not-http"
    if _is_cut(answer):
        return "stalled"
    status = answer.split(maxsplit=2)[1].decode()
    return "served" if status.startswith("2") else f"http {status}"


def _is_cut(answer: bytes) -> bool:
    """Whether the answer says how long it is, and is not as long."""
    head, _, body = answer.partition(b"\r\n\r\n")
    announced = [
        line.split(b":")[1] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")
    ]
    return bool(announced) and len(body) < int(announced[0])


def _tls(client: socket.socket) -> socket.socket:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context.wrap_socket(client)


def _read_all(client: socket.socket) -> bytes:
    """All that comes until the end; a timeout after the first bytes is an end too."""
    answer = b""
    deadline = time.monotonic() + ANSWER_SECONDS
    while time.monotonic() < deadline:
        try:
            data = client.recv(65536)
        except TimeoutError:
            if not answer:
                raise
            break
        if not data:
            break
        answer += data
    return answer


def exchange(host: str, port: int, scheme: str, name: str) -> str:
    """One connection from the first packet to the page; ``name`` stands in the URL instead of the address."""
    client = connect(host, port)
    if isinstance(client, str):
        return client
    with client:
        return "connected" if scheme == "tcp" else ask(client, host, port, scheme, name)


if __name__ == "__main__":
    for _ in range(int(sys.argv[4])):
        print(exchange(sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[5]), flush=True)
