"""The surroundings of a diagnosis: from facts and an exchange to what a report tells of them. Pure."""

from __future__ import annotations

from landiag.collect.exchanges.http import Attempt
from landiag.model.facts import Interface, Unknown
from landiag.model.route import Route
from landiag.model.surroundings import Attachment, Gateway, Option, Surroundings

_MOST_SAID = 160
"""Letters of what a server calls itself."""


def describe_surroundings(
    options: tuple[Option, ...],
    interfaces: tuple[Interface, ...] | Unknown,
    routes: tuple[Route, ...] | Unknown,
    attempt: Attempt | None,
) -> Surroundings:
    """Put together what was asked besides the target, where the machine is connected, and what answered."""
    return Surroundings(
        server=None if attempt is None else what_it_says(attempt),
        options=options,
        attachments=None if isinstance(interfaces, Unknown) else _attachments(interfaces),
        gateways=None if isinstance(routes, Unknown) else _gateways(routes),
    )


def what_it_says(attempt: Attempt) -> str | None:
    """What a server calls itself: its Server header, or the line with which it greets. None where it does not."""
    if attempt.answer is not None:
        said = (attempt.answer.header("Server") or "").strip()
    else:
        line = attempt.first.data.partition(b"\n")[0].strip()
        said = line.decode("ascii") if line.isascii() and line.decode("ascii").isprintable() else ""
    return said[:_MOST_SAID] or None


def _attachments(interfaces: tuple[Interface, ...]) -> tuple[Attachment, ...]:
    """The interfaces that have addresses, but for loopback: the others carry nobody's connections."""
    return tuple(
        Attachment(one.name, one.kind, one.up, tuple(str(address.interface) for address in one.addresses))
        for one in interfaces
        if one.addresses and one.kind != "loopback"
    )


def _gateways(routes: tuple[Route, ...]) -> tuple[Gateway, ...]:
    """The gateways of default routes, the preferred first."""
    found = (
        Gateway(str(route.gateway), route.device)
        for route in sorted(routes, key=lambda route: (route.destination.version, route.metric))
        if route.destination.prefixlen == 0 and route.gateway is not None
    )
    return tuple(dict.fromkeys(found))
