"""The bytes of a request: as a browser would send it, and in the protocol of uWSGI."""

from __future__ import annotations

from collections.abc import Mapping

from landiag.model.regex import regex
from landiag.model.urls import bracketed

_HOST_PORT = regex(r":\d+$")


def server_name(asked: Mapping[str, str]) -> str | None:
    """The name for SNI, that of the URL: none for a numeric address, which SNI does not know (RFC 6066)."""
    name = asked.get("sni") or _HOST_PORT.sub("", asked.get("host") or "")
    return None if not name or name.replace(".", "").isdecimal() or ":" in name else name


def host_header(asked: Mapping[str, str]) -> str:
    """The Host header: the one asked for, else address and port as a browser writes them."""
    if host := asked.get("host"):
        return host
    address = asked["address"].partition("%")[0]
    return f"{bracketed(address)}:{asked['port']}"


def plain_request(asked: Mapping[str, str]) -> bytes:
    """What a browser would send. Line ends and blanks cannot be smuggled in."""
    path = _path(asked)
    lines = [
        f"{asked['method']} {asked.get('target') or path} HTTP/1.1",
        f"Host: {_clean(host_header(asked))}",
        "User-Agent: Mozilla/5.0 (compatible; landiag)",
        "Accept: text/html,application/xhtml+xml,*/*;q=0.8",
        "Accept-Encoding: identity",
        "Connection: close",
    ]
    if origin := asked.get("origin"):
        lines.append(f"Origin: {_clean(origin)}")
    return "".join(f"{line}\r\n" for line in (*lines, "")).encode("utf-8", "replace")


def _path(asked: Mapping[str, str]) -> str:
    path = "".join(char if "!" <= char <= "~" else _escape(char) for char in asked["path"])
    return path if path.startswith("/") else "/" + path


def uwsgi_request(asked: Mapping[str, str]) -> bytes:
    """The same question in the protocol of web servers with uWSGI: a header and pairs of strings."""
    path, _, query = _path(asked).partition("?")
    variables = {
        "REQUEST_METHOD": "GET",
        "REQUEST_URI": _path(asked),
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": _clean(host_header(asked)),
        "SERVER_NAME": _clean(host_header(asked)),
        "SERVER_PORT": asked["port"],
    }
    body = b"".join(
        len(text).to_bytes(2, "little") + text
        for pair in variables.items()
        for text in (item.encode("utf-8", "replace") for item in pair)
    )
    return b"\0" + len(body).to_bytes(2, "little") + b"\0" + body


def _escape(char: str) -> str:
    return "".join(f"%{byte:02X}" for byte in char.encode("utf-8", "replace"))


def _clean(value: str) -> str:
    return "".join(char for char in value if char.isprintable())
