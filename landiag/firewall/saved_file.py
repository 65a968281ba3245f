"""A file with saved rules, before anybody knows of which kind."""

from __future__ import annotations

from msgspec import Struct


class SavedFile(Struct, frozen=True):
    """A file with rules: its name as the user gave it, and its bytes."""

    name: str
    data: bytes
