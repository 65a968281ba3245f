"""Whether a server could take a port now: bind() without listen(), which no client can see."""

from __future__ import annotations

import errno
import socket
from collections.abc import Mapping

from landiag.collect.exchanges.bind import BindTest
from landiag.collect.exchanges.transcript import encode
from landiag.wire.sockets import error_name, family_of, sockaddr


def bind_test(params: Mapping[str, str], timeout: float) -> bytes:  # noqa: ARG001 - bind() does not wait
    """Bind to ``address`` and ``port`` with SO_REUSEADDR as a server would, and close at once.

    Parameter ``v6only`` (``0`` or ``1``) sets IPV6_V6ONLY. A loopback address answers another question than
    the wildcard address: ask for the address that the server would use.
    """
    address, port = params["address"], int(params["port"])
    try:
        error = _try_bind(address, port, params.get("v6only"))
    except ValueError as wrong:
        return encode(BindTest(address, port, False, str(wrong)))
    return encode(BindTest(address, port, error is None, error))


def _try_bind(address: str, port: int, v6only: str | None) -> str | None:
    try:
        with socket.socket(family_of(address), socket.SOCK_STREAM) as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if v6only is not None and sock.family == socket.AF_INET6:
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, int(v6only))
            sock.bind(sockaddr(address, port))
    except OverflowError:
        return "EINVAL"
    except OSError as error:
        return error_name(error.errno or errno.EINVAL)
    return None
