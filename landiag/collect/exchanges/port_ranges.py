"""Ports as text and back: ``5000,8000-8010``."""

from __future__ import annotations

from collections.abc import Iterator

from landiag.model.numbers import parse_number


def parse_ports(text: str) -> tuple[int, ...]:
    """The ports of ``5000,8000-8010``, in that order, each once. Raises ValueError with a sentence."""
    ports: dict[int, None] = {}
    for part in text.split(","):
        low, dash, high = part.strip().partition("-")
        first, last = parse_number(low), parse_number(high if dash else low)
        if first is None or last is None:
            raise ValueError(
                f"{part.strip()[:80]!r} is not a port: write 5000, 8000-8010 or both with a comma"
            )
        if last < first:
            raise ValueError(f"the port range {part.strip()} runs backwards: write {last}-{first}")
        if not 1 <= first <= last <= 65535:
            raise ValueError(f"{part.strip()} is out of range: ports are 1 to 65535")
        ports.update(dict.fromkeys(range(first, last + 1)))
    return tuple(ports)


def format_ranges(ports: list[int]) -> str:
    """``1-3,7`` for 1, 2, 3 and 7 in any order."""
    parts: list[str] = []
    for first, last in _runs(sorted(ports)):
        parts.append(str(first) if first == last else f"{first}-{last}")
    return ",".join(parts)


def _runs(ports: list[int]) -> Iterator[tuple[int, int]]:
    begin = previous = ports[0] if ports else 0
    for port in ports[1:]:
        if port != previous + 1:
            yield begin, previous
            begin = port
        previous = port
    if ports:
        yield begin, previous
