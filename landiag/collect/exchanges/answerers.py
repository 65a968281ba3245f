"""Who answers over HTTP: known by headers and by how the page begins. Pure but for reading answers.toml."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

from msgspec import Struct

from landiag.knowledge.tables import read_tables

_BODY_BYTES = 20_000


class Answerer(Struct, frozen=True):
    """Somebody who answers over HTTP. ``kind`` is ``server``, ``system``, ``proxy`` or ``device``."""

    name: str
    title: str
    kind: str
    headers: tuple[tuple[str, re.Pattern[str]], ...]
    body: re.Pattern[str] | None


@lru_cache(maxsize=1)
def answerers() -> Mapping[str, Answerer]:
    """Everybody who is known by their answers, in the order in which they are tried."""
    known = {}
    for name, table in read_tables("answers.toml").items():
        headers = tuple((header, re.compile(pattern)) for header, pattern in table.get("header", {}).items())
        body = re.compile(table["body"]) if "body" in table else None
        known[name] = Answerer(name, table["title"], table.get("kind", "server"), headers, body)
    return known


def recognise_http(
    headers: Mapping[str, str] | Iterable[tuple[str, str]], body: bytes | str = b""
) -> str | None:
    """The name of who gave this answer (a key of ``answerers``), or None when it is nobody known."""
    pairs = headers.items() if isinstance(headers, Mapping) else headers
    given = {name.lower(): value for name, value in pairs}
    page = body[:_BODY_BYTES]
    text = page.decode("utf-8", "replace") if isinstance(page, bytes) else page
    for known in answerers().values():
        if all(pattern.search(given.get(header, "")) for header, pattern in known.headers) and (
            known.body is None or known.body.search(text)
        ):
            return known.name
    return None
