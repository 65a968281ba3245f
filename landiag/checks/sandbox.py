"""What systemd lets a server's unit talk to: address lists that no packet filter shows.

A packet for one of the unit's sockets passes where IPAddressAllow of the unit or of a slice above it names its
sender, else it is dropped where IPAddressDeny does, else it passes (systemd.resource-control(5)).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from ipaddress import ip_network

from msgspec import Struct

from landiag.checks.case import Case
from landiag.checks.way_back import client_for
from landiag.model.facts import Command, IPAddress, IPNetwork, ParseError, Socket, Unknown
from landiag.model.report import Evidence, Finding, Fix, Outcome

UNITS = re.compile(r"[^/]+\.(?:service|scope|slice|socket)(?=/|$)")
_PROPERTIES = "Id,IPAddressAllow,IPAddressDeny,IPIngressFilterPath"


class AddressLists(Struct, frozen=True):
    """Whom a unit and the slices above it may talk to, together; ``programs`` are BPF programs of the user's own."""

    allow: tuple[IPNetwork, ...]
    deny: tuple[IPNetwork, ...]
    programs: tuple[str, ...]

    def admits(self, client: IPAddress) -> bool:
        """Whether packets from this address reach the unit's sockets."""
        return any(client in one for one in self.allow) or not any(client in one for one in self.deny)


def parse_unit(text: str) -> AddressLists:
    """Parse ``systemctl show`` of a unit and of its slices: their lists add up (systemd.resource-control(5))."""
    values: dict[str, list[str]] = {"IPAddressAllow": [], "IPAddressDeny": [], "IPIngressFilterPath": []}
    for line in text.splitlines():
        name, separator, value = line.partition("=")
        if separator and name in values:
            values[name] += value.split()
    try:
        allow, deny = (
            tuple(ip_network(word, strict=False) for word in values[name])
            for name in ("IPAddressAllow", "IPAddressDeny")
        )
    except ValueError as error:
        raise ParseError(f"not systemd's address lists: {error}") from error
    return AddressLists(allow, deny, tuple(values["IPIngressFilterPath"]))


def plan(case: Case) -> tuple[Command, ...]:
    """Ask systemd for the units that hold the port's sockets."""
    if case.facts.os != "linux":
        return ()
    return unit_sources(case.listeners)


def unit_sources(sockets: Iterable[Socket]) -> tuple[Command, ...]:
    """Name the sources of the address lists of the units that hold these sockets."""
    sources = (_source(socket) for socket in sockets)
    return tuple({source.name: source for source in sources if source is not None}.values())


def check(case: Case) -> Iterator[Finding]:
    """Name the lists that keep the clients of the first way from the server's sockets."""
    if case.way is None:
        return
    client = client_for(case, case.way)
    for socket in case.listeners:
        source = _source(socket)
        lists = None if source is None else case.parse(source, parse_unit)
        if source is None or lists is None or isinstance(lists, Unknown):
            continue  # without systemd there are no lists, whatever the control group is called
        unit = source.argv[-1]
        if lists.programs:
            yield _programs(case, unit, lists.programs)
        if not lists.admits(client):
            yield _denies(case, unit, lists, client)


def _source(socket: Socket) -> Command | None:
    """The unit is the last of the command; the slices above it come before."""
    units = UNITS.findall(socket.cgroup or "")
    return unit_source(units) if units else None


def unit_source(units: Sequence[str]) -> Command:
    """Name the source of the address lists of a unit, which comes last, and of the slices above it."""
    return Command(f"unit {units[-1]}", ("systemctl", "show", f"--property={_PROPERTIES}", "--", *units))


def _denies(case: Case, unit: str, lists: AddressLists, client: IPAddress) -> Finding:
    assert case.way is not None
    denied = next(one for one in lists.deny if client in one)
    wanted = case.peer or case.way.network
    return Finding(
        code="sandbox-denies",
        outcome=Outcome.BLOCKS,
        title=f"systemd keeps {client} from the server (IPAddressDeny of {unit}, or of a slice above it)",
        detail="systemd drops such packets at the server's sockets; no rule of the packet filter shows it.",
        evidence=(
            Evidence("systemctl show", f"IPAddressDeny {denied}"),
            Evidence("systemctl show", f"IPAddressAllow {', '.join(map(str, lists.allow)) or 'is empty'}"),
        ),
        fixes=(
            Fix(
                f"Let {unit} talk to your network",
                needs="user-action",
                steps=(
                    f"As root: systemctl edit {unit}",
                    f"Under [Service] write: IPAddressAllow={wanted}",
                    f"As root: systemctl restart {unit}",
                ),
            ),
        ),
        paths=(case.way.id,),
    )


def _programs(case: Case, unit: str, programs: tuple[str, ...]) -> Finding:
    assert case.way is not None
    return Finding(
        code="sandbox-denies",
        outcome=Outcome.UNKNOWN,
        title=f"Whether {unit} gets every packet: its BPF program sees them first, and can't be judged",
        detail="IPIngressFilterPath of its unit names it: its author knows what it drops.",
        evidence=(Evidence("systemctl show", f"IPIngressFilterPath {' '.join(programs)}"),),
        paths=(case.way.id,),
    )
