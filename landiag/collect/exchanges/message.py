"""HTTP answers from raw bytes: status line, headers, body, and whether all of it came (RFC 9112)."""

from __future__ import annotations

import re

from msgspec import Struct

from landiag.model.regex import regex

_STATUS_LINE = regex(rb"HTTP/(\d\.\d) (\d{3})(?: ([^\r\n]*))?\r?\n")
_MAX_HEADERS = 200


class Message(Struct, frozen=True):
    """An HTTP answer as far as it came. ``complete`` is None where only the connection's end is its end."""

    version: str
    status: int
    reason: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    complete: bool | None


def is_http(data: bytes) -> bool:
    """Whether these first bytes may be the beginning of an HTTP answer."""
    return data[:5] == b"HTTP/"[: len(data)] and bool(data)


def parse_message(data: bytes) -> Message | None:
    """The answer in these bytes; None while its headers are incomplete, or when it is not HTTP."""
    start = _STATUS_LINE.match(data)
    if start is None:
        return None
    head, found, body = _split_head(data[start.end() :])
    if not found:
        return None
    headers = _headers(head)
    status = int(start[2])
    if 100 <= status < 200 and status != 101:
        return parse_message(body)
    return Message(
        start[1].decode(),
        status,
        (start[3] or b"").decode("utf-8", "backslashreplace"),
        headers,
        *_body(status, headers, body),
    )


def _split_head(data: bytes) -> tuple[bytes, bool, bytes]:
    """The header lines, whether their end was found, and what follows it."""
    if data.startswith((b"\r\n", b"\n")):
        return b"", True, data.split(b"\n", 1)[1]
    end = re.search(rb"\r?\n\r?\n", data)
    return (data, False, b"") if end is None else (data[: end.start()], True, data[end.end() :])


def _headers(head: bytes) -> tuple[tuple[str, str], ...]:
    lines = head.decode("utf-8", "backslashreplace").replace("\r", "").split("\n")[:_MAX_HEADERS]
    pairs = (line.partition(":") for line in lines if ":" in line)
    return tuple((name.strip(), value.strip()) for name, _, value in pairs)


def header(headers: tuple[tuple[str, str], ...], name: str) -> str | None:
    """The first header of this name, in any case; None when there is none."""
    return next((value for key, value in headers if key.lower() == name.lower()), None)


def _body(status: int, headers: tuple[tuple[str, str], ...], body: bytes) -> tuple[bytes, bool | None]:
    if status in (204, 304):
        return b"", True
    if "chunked" in (header(headers, "Transfer-Encoding") or "").lower():
        return _dechunk(body)
    length = header(headers, "Content-Length") or ""
    if length.isascii() and length.isdecimal() and len(length) < 19:
        return body[: int(length)], len(body) >= int(length)
    return body, None


def _dechunk(data: bytes) -> tuple[bytes, bool]:
    """The bytes in the chunks that came, and whether the last one did."""
    parts: list[bytes] = []
    while True:
        line, found, rest = data.partition(b"\n")
        size = line.split(b";")[0].strip()
        if not found or not re.fullmatch(rb"[0-9A-Fa-f]{1,15}", size):
            return b"".join(parts), False
        length = int(size, 16)
        if length == 0:
            return b"".join(parts), True
        parts.append(rest[:length])
        if len(rest) < length + 1:
            return b"".join(parts), False
        data = rest[length:].removeprefix(b"\r").removeprefix(b"\n")
