"""Reading the JSON that tools print: the same checks for every parser."""

from __future__ import annotations

import json
from ipaddress import ip_address
from typing import Any

from landiag.model.facts import ParseError
from landiag.model.regex import regex


def parse_objects(text: str) -> list[dict[str, Any]]:
    """Parse a JSON list of objects; the empty text is the empty list. Raises ParseError for anything else."""
    if not text.strip():
        return []
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ParseError(f"not JSON ({text.strip()[:40]!r})") from error
    if not isinstance(document, list) or not all(isinstance(item, dict) for item in document):
        raise ParseError("not a list of objects")
    return document


def text_at(item: dict[str, Any], key: str) -> str | None:
    """The text that an object has at a key; None where it has none. Raises ParseError for anything else."""
    value = item.get(key)
    if not isinstance(value, str | None):
        raise ParseError(f"{key} is no text")
    return value


def number_at(item: dict[str, Any], key: str) -> int | None:
    """The same for a whole number."""
    value = item.get(key)
    if not isinstance(value, int | None) or isinstance(value, bool):
        raise ParseError(f"{key} is no number")
    return value


_HARDWARE = regex(r"[0-9a-f]{2}(?::[0-9a-f]{2})*")


def mac_at(item: dict[str, Any], key: str) -> str | None:
    """The same for a hardware address; None, too, where a tunnel has an IP address in its place."""
    text = text_at(item, key)
    if text is None or _HARDWARE.fullmatch(text):
        return text
    try:
        ip_address(text)
    except ValueError as error:
        raise ParseError(f"{key} is no hardware address") from error
    return None
