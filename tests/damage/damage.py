"""One damage to a text, as bytes replaced, so that each can be written down and done again."""

from __future__ import annotations

import re
from random import Random

from msgspec import Struct

LONGEST = 400
"""So many bytes are dropped, garbled or added at the most; a cut takes all that follows."""

RETYPED = "type"
"""The kind of damage that may leave a text of another machine: nothing is cut off, added or garbled."""

_STRANGE = (
    b"\0", b"\0\0", b"\xff", b"\x1b[2J", b"\xe2\x80\xae", b"\r", b"\n", b"|", b'"', b"'", b"{", b"}", b"\\", b"#",
    b"!",
)  # fmt: skip
_JSON_VALUE = re.compile(rb'"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?|\b(?:true|false|null)\b|\[\]|\{\}')
_OTHER_TYPES = (
    b"null", b"true", b"false", b"0", b"-1", b"1.5", b"1e400", b"99999999999999999999", b'""', b'"x"', b'"\\u0000"',
    b'"\\ud800"', b"[]", b"{}", b"[[]]", b"[null]", b"[{}]", b'{"a": null}',
)  # fmt: skip
_WORD = re.compile(rb"[A-Za-z_]+")


class Damage(Struct, frozen=True):
    """Bytes ``start`` to ``end`` of a text replaced by ``new``; ``kind`` says what for."""

    kind: str
    start: int
    end: int
    new: bytes = b""

    def apply(self, data: bytes) -> bytes:
        """The damaged text."""
        return data[: self.start] + self.new + data[self.end :]

    @property
    def written(self) -> str:
        """The damage in one word for the command line."""
        return f"{self.kind},{self.start},{self.end},{self.new.hex()}"


def parse_damage(written: str) -> Damage:
    """Read ``Damage.written`` again."""
    kind, start, end, new = written.split(",")
    return Damage(kind, int(start), int(end), bytes.fromhex(new))


def choose_damage(data: bytes, random: Random) -> Damage:
    """One damage of a random kind at a random place."""
    return random.choice(
        (cut, cut, drop, drop, empty, garble, garble, garble_word, garble_word, retype, add)
    )(data, random)


def _span(data: bytes, random: Random) -> tuple[int, int]:
    start = random.randrange(len(data))
    longest = random.choice((1, 1, 2, 4, 16, LONGEST))
    return start, min(len(data), start + random.randint(1, longest))


def cut(data: bytes, random: Random) -> Damage:
    """Everything from a place on is missing."""
    return Damage("cut", random.randrange(len(data)), len(data))


def drop(data: bytes, random: Random) -> Damage:
    """Some bytes are missing."""
    return Damage("drop", *_span(data, random))


def empty(data: bytes, random: Random) -> Damage:
    """Nothing is left, or one blank."""
    return Damage("empty", 0, len(data), random.choice((b"", b"", b"\n", b" ")))


def garble(data: bytes, random: Random) -> Damage:
    """Some bytes are others."""
    start, end = _span(data, random)
    return Damage("garble", start, end, random.randbytes(end - start))


def garble_word(data: bytes, random: Random) -> Damage:
    """One letter of a word is another, or its letters changed places."""
    words = [found.span() for found in _WORD.finditer(data)]
    if not words:
        return garble(data, random)
    start, end = random.choice(words)
    at = random.randrange(start, end)
    letter = bytes([random.choice(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")])
    return Damage("word", at, at + 1, letter)


def retype(data: bytes, random: Random) -> Damage:
    """A value of a JSON text is of another type."""
    values = [found.span() for found in _JSON_VALUE.finditer(data)] if data[:1] in b"[{" else []
    if not values:
        return garble(data, random)
    return Damage(RETYPED, *random.choice(values), random.choice(_OTHER_TYPES))


def add(data: bytes, random: Random) -> Damage:
    """Bytes stand where none were: strange ones, or some of the text itself."""
    at = random.randrange(len(data) + 1)
    start, end = _span(data, random)
    new = random.choice((random.choice(_STRANGE), data[start:end], random.randbytes(random.randint(1, 8))))
    return Damage("add", at, at, new)
