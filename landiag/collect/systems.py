"""Which collectors read a host: by the operating system that it says it has."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec import Struct

from landiag.collect.machine import Machine
from landiag.model.facts import Facts, Reading, Source

Readings = Mapping[str, Reading]


class Collector(Struct, frozen=True):
    """How a host is read: at once, then what the facts make worth reading, then what its owners make so."""

    first: tuple[Source, ...]
    parse_facts: Callable[[Readings, Machine], Facts]
    plan: Callable[[Facts, Readings], tuple[Source, ...]]
    complete_facts: Callable[[Facts, Readings], Facts]
    plan_owners: Callable[[Facts], tuple[Source, ...]]


def _nothing(_facts: Facts) -> tuple[Source, ...]:
    return ()


def collector_of(os: str) -> Collector:
    """The collector of an operating system (``Machine.os``); what is not known is read like Linux."""
    if os == "windows":
        from landiag.collect import windows

        return Collector(windows.FIRST, windows.parse_facts, windows.plan, windows.complete_facts, _nothing)
    if os in ("macos", "freebsd", "openbsd"):
        from landiag.collect import bsd

        return Collector(bsd.FIRST[os], bsd.parse_facts, bsd.plan, bsd.complete_facts, bsd.plan_owners)
    from landiag.collect import linux

    return Collector(linux.FIRST, linux.parse_facts, linux.plan, linux.complete_facts, _nothing)
