"""A TLS handshake that looks and does not judge: any certificate is accepted, and shown."""

from __future__ import annotations

import selectors
import socket
from typing import TYPE_CHECKING

from landiag.collect.exchanges.tls import Tls
from landiag.collect.exchanges.x509 import Certificate, parse_certificate
from landiag.model.facts import ParseError
from landiag.wire.deadline import Deadline

if TYPE_CHECKING:
    import ssl


def shake_hands(
    sock: socket.socket, name: str | None, deadline: Deadline
) -> tuple[Tls, ssl.SSLSocket | None]:
    """Speak TLS on a connected non-blocking socket; the TLS socket, if any, owns the connection."""
    import ssl

    context = _context()
    try:
        sock.getpeername()  # a socket that was reset meanwhile cannot be wrapped
        secure = context.wrap_socket(sock, server_hostname=name, do_handshake_on_connect=False)
    except (OSError, ValueError):
        return Tls(None, "reset"), None
    try:
        _step_until_done(secure, deadline)
    except ssl.SSLError as error:
        secure.close()
        return Tls(None, _reason(error)), None
    except OSError as error:
        secure.close()
        return Tls(None, "silent" if isinstance(error, TimeoutError) else "reset"), None
    return Tls(secure.version(), None, _certificate(secure)), secure


def _context() -> ssl.SSLContext:
    """A client that accepts every certificate and every version: it looks, it does not trust."""
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(["http/1.1"])
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    return context


def _step_until_done(secure: ssl.SSLSocket, deadline: Deadline) -> None:
    """The handshake, step by step. Raises TimeoutError at the deadline, SSLError or OSError as it fails."""
    while (event := _step(secure)) is not None:
        wait_for(secure, event, deadline)


def _step(secure: ssl.SSLSocket) -> int | None:
    """One step; the event that the next one waits for, None when all is done."""
    import ssl

    try:
        secure.do_handshake()
    except ssl.SSLWantReadError:
        return selectors.EVENT_READ
    except ssl.SSLWantWriteError:
        return selectors.EVENT_WRITE
    return None


def wait_for(sock: socket.socket, event: int, deadline: Deadline) -> None:
    """Wait until a socket is ready to be read or written. Raises TimeoutError at the deadline."""
    with selectors.DefaultSelector() as selector:
        selector.register(sock, event)
        if not selector.select(deadline.left()):
            raise TimeoutError


def _reason(error: ssl.SSLError) -> str:
    import ssl

    if isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError):
        return "closed"
    reason = (error.reason or "").upper()
    if reason in ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "PACKET_LENGTH_TOO_LONG", "UNKNOWN_PROTOCOL"):
        return "not-tls"
    if reason in ("UNEXPECTED_EOF_WHILE_READING", "UNEXPECTED_EOF"):
        return "closed"
    return reason.lower().replace("_", " ") or str(error)


def alert_of(error: OSError) -> str | None:
    """The alert with which a peer ended TLS after the handshake (TLS 1.3 asks for certificates then); else None."""
    reason = str(getattr(error, "reason", None) or "")
    return reason.lower().replace("_", " ") if "_ALERT_" in reason.upper() else None


def _certificate(secure: ssl.SSLSocket) -> Certificate | None:
    der = secure.getpeercert(binary_form=True)
    try:
        return parse_certificate(der) if der else None
    except ParseError:
        return None
