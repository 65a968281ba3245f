"""Names of hosts as names of files: no slash, no dot in front, nothing that a system treats as special."""

from __future__ import annotations

import re
from urllib.parse import unquote

SUFFIXES = (".json.gz", ".json")
_PLAIN = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}")


def file_name(host: str) -> str:
    """The file name of a host's recording, without its suffix; every other character as ``%XX`` of its UTF-8 bytes."""
    if _PLAIN.fullmatch(host):
        return host
    data = host.encode("utf-8", "surrogateescape")
    return "".join(
        chr(byte) if _is_plain(byte) and not (place == 0 and byte == ord(".")) else f"%{byte:02X}"
        for place, byte in enumerate(data)
    )


def _is_plain(byte: int) -> bool:
    return chr(byte).isascii() and (chr(byte).isalnum() or chr(byte) in "._-")


def host_name(file: str) -> str | None:
    """The host whose recording a file is; None for a file that is none."""
    if file.startswith("."):
        return None
    for suffix in SUFFIXES:
        if file.endswith(suffix) and len(file) > len(suffix):
            return unquote(file.removesuffix(suffix), errors="backslashreplace")
    return None
