"""A registry hive file (``regf``), as `netsh advfirewall export` and `reg save` write it: its values.

The layout is that of the Windows registry file format: a base block of 4096 bytes, then cells. Only what the
firewall needs is read; anything out of place raises ParseError.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from landiag.firewall.windows.registry_text import Entry
from landiag.model.facts import ParseError

MAGIC = b"regf"
_BASE = 4096
_MAX_DEPTH = 64
_MAX_KEYS = 200_000
_MAX_DATA = 1 << 20
_KINDS = {1: "REG_SZ", 2: "REG_EXPAND_SZ", 4: "REG_DWORD", 7: "REG_MULTI_SZ"}


def parse_hive(data: bytes) -> list[Entry]:
    """Every value of a hive, with the path of its key from the root. Raises ParseError."""
    if not data.startswith(MAGIC):
        raise ParseError("not a registry hive")
    try:
        (root,) = struct.unpack_from("<i", data, 36)
        hive = _Hive(data)
        return list(hive.values(root, "", 0))
    except (struct.error, IndexError, UnicodeDecodeError) as error:
        raise ParseError(f"the registry hive is damaged: {error}") from error


class _Hive:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.keys = 0

    def cell(self, offset: int) -> bytes:
        """The content of a cell. Negative sizes are cells in use."""
        at = _BASE + offset
        if not 0 < at < len(self.data) - 4:
            raise ParseError(f"the registry hive points outside of itself ({offset:#x})")
        (size,) = struct.unpack_from("<i", self.data, at)
        return self.data[at + 4 : at + abs(size)]

    def values(self, offset: int, path: str, depth: int) -> Iterator[Entry]:
        """The values of a key and of the keys below it."""
        self.keys += 1
        if depth > _MAX_DEPTH or self.keys > _MAX_KEYS:
            raise ParseError("the registry hive has too many keys")
        cell = self.cell(offset)
        if cell[:2] != b"nk":
            raise ParseError("the registry hive has no key where one should be")
        (flags,) = struct.unpack_from("<H", cell, 2)
        subkeys, sublist, count, values = (struct.unpack_from("<i", cell, at)[0] for at in (20, 28, 36, 40))
        (length,) = struct.unpack_from("<H", cell, 72)
        name = cell[76 : 76 + length].decode("latin-1" if flags & 0x20 else "utf-16-le", "replace")
        here = f"{path}\\{name}" if path else name
        for index in range(min(max(count, 0), _MAX_KEYS)):
            (value,) = struct.unpack_from("<i", self.cell(values), 4 * index)
            yield self.value(value, here)
        if subkeys > 0:
            for child in self.children(sublist, 0):
                yield from self.values(child, here, depth + 1)

    def children(self, offset: int, depth: int) -> Iterator[int]:
        """The keys in a list of subkeys: lf, lh, li, or ri (a list of lists)."""
        cell = self.cell(offset)
        kind, count = cell[:2], struct.unpack_from("<H", cell, 2)[0]
        step = {b"lf": 8, b"lh": 8, b"li": 4, b"ri": 4}.get(kind)
        if step is None or depth > 4:
            raise ParseError("the registry hive has a list of keys of an unknown kind")
        for index in range(count):
            (child,) = struct.unpack_from("<i", cell, 4 + step * index)
            if kind == b"ri":
                yield from self.children(child, depth + 1)
            else:
                yield child

    def value(self, offset: int, path: str) -> Entry:
        """One value. Four bytes or less stand in the value itself."""
        cell = self.cell(offset)
        if cell[:2] != b"vk":
            raise ParseError("the registry hive has no value where one should be")
        length, size, where, kind, flags = struct.unpack_from("<HIiIH", cell, 2)
        name = cell[20 : 20 + length].decode("latin-1" if flags & 1 else "utf-16-le", "replace")
        raw = cell[8:12][: size & 0x7FFFFFFF] if size & 0x80000000 else self.big(where, size)
        return Entry(path, name, _KINDS.get(kind, "REG_BINARY"), _text(kind, raw))

    def big(self, offset: int, size: int) -> bytes:
        """Data outside of the value; more than 16344 bytes are in segments (``db``)."""
        cell = self.cell(offset)
        if size > _MAX_DATA:
            raise ParseError("the registry hive has a value that is too large")
        if cell[:2] != b"db" or size <= 16344:
            return cell[:size]
        (count,) = struct.unpack_from("<H", cell, 2)
        (where,) = struct.unpack_from("<i", cell, 4)
        segments = self.cell(where)
        pieces = (
            self.cell(struct.unpack_from("<i", segments, 4 * index)[0])[:16344] for index in range(count)
        )
        return b"".join(pieces)[:size]


def _text(kind: int, raw: bytes) -> str:
    if kind == 4 and len(raw) >= 4:
        return str(struct.unpack_from("<I", raw)[0])
    if kind in (1, 2, 7):
        return raw.decode("utf-16-le", "replace").rstrip("\0")
    return raw.hex()
