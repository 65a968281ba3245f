"""Transcripts: the JSON text of what an exchange saw, and back."""

from __future__ import annotations

import base64
import binascii
from typing import TypeVar

import msgspec
from msgspec import Struct

from landiag.model.facts import ParseError

T = TypeVar("T")


def encode(transcript: object) -> bytes:
    """The JSON of a transcript, a tree of records of plain values."""
    return msgspec.json.encode(transcript)


def decode(text: str, kind: type[T]) -> T:
    """The transcript of this kind in a JSON text. Raises ParseError."""
    try:
        return msgspec.json.decode(text.encode("utf-8", "surrogatepass"), type=kind)
    except (msgspec.DecodeError, UnicodeError) as error:
        raise ParseError(f"not a transcript: {error}") from None


class Blob(Struct, frozen=True):
    """Bytes from a peer. ``text`` where they are UTF-8, else ``base64``."""

    text: str | None = None
    base64: str | None = None

    @classmethod
    def of(cls, data: bytes) -> Blob:
        """The blob of these bytes."""
        try:
            return cls(text=data.decode())
        except UnicodeDecodeError:
            return cls(base64=base64.b64encode(data).decode())

    @property
    def data(self) -> bytes:
        """The bytes; empty where a recording was damaged."""
        if self.text is not None:
            return self.text.encode("utf-8", "surrogatepass")
        try:
            return base64.b64decode(self.base64 or "")
        except binascii.Error:
            return b""


NOTHING = Blob(text="")
"""No bytes."""
