"""Which collectors read a host: by the operating system that it says it has."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec import Struct

from landiag.collect.machine import Machine
from landiag.model.facts import Reading, Source
from landiag.model.host import Facts

Readings = Mapping[str, Reading]


class Collector(Struct, frozen=True):
    """How a host is read after ``first_sources``: what the facts make worth reading, then what its owners make so."""

    parse_facts: Callable[[Readings, Machine], Facts]
    plan: Callable[[Facts, Readings], tuple[Source, ...]]
    complete_facts: Callable[[Facts, Readings], Facts]
    plan_owners: Callable[[Facts], tuple[Source, ...]]


def _nothing(_facts: Facts) -> tuple[Source, ...]:
    return ()


def first_sources(os: str) -> tuple[Source, ...]:
    """What is always read of a host with an operating system (``Machine.os``), all at once."""
    if os == "windows":
        from landiag.collect import windows

        return windows.FIRST
    if os in ("macos", "freebsd", "openbsd"):
        from landiag.collect import bsd_sources

        return bsd_sources.FIRST[os]
    from landiag.collect import linux_sources

    return linux_sources.FIRST


def collector_of(os: str) -> Collector:
    """The collector of an operating system (``Machine.os``); what is not known is read like Linux."""
    if os == "windows":
        from landiag.collect import windows

        return Collector(windows.parse_facts, windows.plan, windows.complete_facts, windows.plan_owners)
    if os in ("macos", "freebsd", "openbsd"):
        from landiag.collect import bsd

        return Collector(bsd.parse_facts, bsd.plan, bsd.complete_facts, bsd.plan_owners)
    from landiag.collect import linux

    return Collector(linux.parse_facts, linux.plan, linux.complete_facts, _nothing)
