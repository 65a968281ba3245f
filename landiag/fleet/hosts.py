"""One recorded host of a fleet: what is known of it, its ways in, its listeners; or why nothing is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timezone

from msgspec import Struct
from msgspec.structs import replace

from landiag.checks.systems import inner_addresses
from landiag.collect.bpf import ATTACHED, parse_attached
from landiag.collect.queues import egress_filters, ingress_filters
from landiag.collect.systemd import BPF, FEATURES, parse_features
from landiag.collect.units import Chain, parse_chain
from landiag.collect.xfrm import POLICIES, Policy, parse_policies, sign_of_use
from landiag.journey.ways import Way, list_ways
from landiag.model.facts import Interface, IPAddress, Reading, ReadStatus, Socket, Unknown, parse_reading
from landiag.model.host import Facts
from landiag.model.recording import Recording
from landiag.replay import Rulesets, replay_host

_AHEAD = 86400.0
"""How far the clock of a recorded host may be ahead, in seconds; one further ahead would never grow old."""


class Host(Struct, frozen=True):
    """A host. ``problem`` says why nothing is known of it; empty where its facts are.

    ``created`` is seconds since the epoch, None where the recording does not say it in words that are understood.
    ``groups`` are those of the inventory. ``lists`` are systemd's address lists by unit, ``filtered`` the interfaces
    that something before every rule is attached to, ``policies`` those of IPsec. ``own`` are all its addresses,
    ``inner`` those behind another machine: Windows around WSL2, or the NAT of a virtual machine's host.
    ``keeps_interfaces``: systemd was built to hold units to lists of interfaces; None where nobody could tell.
    """

    name: str
    file: str
    facts: Facts | None = None
    problem: str = ""
    created: float | None = None
    hostname: str = ""
    groups: tuple[str, ...] = ()
    ways: tuple[Way, ...] = ()
    own: frozenset[IPAddress] = frozenset()
    inner: frozenset[IPAddress] = frozenset()
    lists: Mapping[str, Chain] = {}
    filtered: frozenset[str] = frozenset()
    policies: tuple[Policy, ...] | Unknown = ()
    keeps_interfaces: bool | None = None

    @property
    def addresses(self) -> tuple[IPAddress, ...]:
        """The addresses that others could use."""
        return tuple(way.ip for way in self.ways)

    @property
    def versions(self) -> frozenset[int]:
        """The families in which it has an address that others could use."""
        return frozenset(ip.version for ip in self.addresses)

    @property
    def listeners(self) -> tuple[Socket, ...]:
        """Its own listeners that are not for itself alone; empty where they could not be read."""
        if self.facts is None or isinstance(self.facts.sockets, Unknown):
            return ()
        return tuple(one for one in self.facts.sockets if not one.address.is_loopback)

    @property
    def ports(self) -> tuple[int, ...]:
        """The ports on which it listens for others."""
        return tuple(sorted({one.port for one in self.listeners}))

    def program(self, port: int) -> str:
        """The name of the program that listens on a port; empty where nobody could tell."""
        if self.facts is None or isinstance(self.facts.processes, Unknown):
            return ""
        pids = [pid for one in self.listeners if one.port == port for pid in one.pids]
        return next((self.facts.processes[pid].name for pid in pids if pid in self.facts.processes), "")


def make_host(name: str, file: str, recording: Recording, rulesets: Rulesets) -> Host:
    """Make a host of its recording. ``rulesets`` remembers the rules that were compiled already."""
    created = _parse_time(recording.created)
    groups = tuple(one for one in recording.options.get("groups", "").split(",") if one)
    found = replay_host(recording.readings, rulesets)
    if isinstance(found, Unknown):
        # Whoever found nothing to record says why, and which groups of the policy the host is in all the same.
        problem = recording.options.get("problem") or f"its recording does not describe it: {found.reason}"
        return Host(name, file, problem=problem, created=created, groups=groups)
    facts = found.facts
    known = () if isinstance(facts.interfaces, Unknown) else facts.interfaces
    problem = ""
    if isinstance(facts.interfaces, Unknown):
        problem = f"its addresses could not be read: {facts.interfaces.reason}"
    return Host(
        name=name,
        file=file,
        facts=None if problem else facts,
        problem=problem,
        created=created,
        hostname=found.machine.info.hostname,
        groups=groups,
        ways=list_ways(facts),
        own=frozenset(address.ip for one in known for address in one.addresses),
        inner=inner_addresses(found.machine, facts, found.readings),
        lists=_lists(recording.readings),
        filtered=frozenset(_filtered(recording.readings, known)),
        policies=_policies(recording.readings),
        keeps_interfaces=_keeps_interfaces(recording.readings),
    )


def _lists(readings: Mapping[str, Reading]) -> dict[str, Chain]:
    named = {name: one for name, one in readings.items() if name.startswith("unit ")}
    parsed = {name: parse_reading(one, parse_chain) for name, one in named.items()}
    return {name: lists for name, lists in parsed.items() if not isinstance(lists, Unknown)}


def _keeps_interfaces(readings: Mapping[str, Reading]) -> bool | None:
    reading = readings.get(FEATURES.name)
    features = None if reading is None else parse_reading(reading, parse_features)
    return BPF in features if isinstance(features, frozenset) else None


def _filtered(readings: Mapping[str, Reading], known: Iterable[Interface]) -> Iterator[str]:
    """The interfaces at which something sees packets before any rule; a BPF program in netfilter's hooks is at all."""
    reading = readings.get(ATTACHED.name)
    attached = None if reading is None else parse_reading(reading, parse_attached)
    devices = {one.device for one in attached} if isinstance(attached, tuple) else set()
    for one in known:
        if one.xdp or None in devices or one.name in devices or _has_filter(readings, one.name):
            yield one.name


def _policies(readings: Mapping[str, Reading]) -> tuple[Policy, ...] | Unknown:
    """The policies of IPsec; where only root may list them, none unless something shows that it is in use."""
    reading = readings.get(POLICIES.name)
    if reading is None or reading.status in _WITHOUT_IPSEC:
        return ()
    if reading.status is not ReadStatus.DENIED:
        return parse_reading(reading, parse_policies)
    is_used = sign_of_use(readings) is not None
    return Unknown("IPsec is in use, and only root may list its policies", POLICIES.name) if is_used else ()


_WITHOUT_IPSEC = (ReadStatus.MISSING, ReadStatus.NOT_RECORDED, ReadStatus.NOT_LOADED)


def _has_filter(readings: Mapping[str, Reading], interface: str) -> bool:
    found = (readings.get(one(interface).name) for one in (ingress_filters, egress_filters))
    return any(reading is not None and reading.text.strip() for reading in found)


def _parse_time(text: str) -> float | None:
    try:
        found = datetime.fromisoformat(text.replace("Z", "+00:00"))
        return (found if found.tzinfo else found.replace(tzinfo=timezone.utc)).timestamp()
    except (ValueError, OverflowError):
        return None


def without_doubles(hosts: Iterable[Host]) -> tuple[Host, ...]:
    """One host a name: where two recordings bear it, nobody knows which holds."""
    by_name: dict[str, list[Host]] = {}
    for host in hosts:
        by_name.setdefault(host.name, []).append(host)
    return tuple(
        same[0] if len(same) == 1 else Host(
            name, same[0].file, problem=f"it is recorded twice: {', '.join(one.file for one in same)}"
        )
        for name, same in sorted(by_name.items())
    )  # fmt: skip


def with_age_limit(hosts: Iterable[Host], now: float, most: float) -> tuple[Host, ...]:
    """Take what is known away from hosts whose recordings are older than ``most`` seconds, or bear no usable time."""
    return tuple(_aged(host, now, most) for host in hosts)


def _aged(host: Host, now: float, most: float) -> Host:
    if host.problem:
        return host
    if host.created is None:
        problem = "its recording does not say when it was made"
    elif host.created > now + _AHEAD:
        problem = "its recording is from the future: no age can be told"
    elif now - host.created > most:
        problem = f"its recording is {describe_age(now - host.created)} old, older than --max-age allows"
    else:
        return host
    return replace(host, problem=problem, facts=None)


def describe_age(seconds: float) -> str:
    """An age in the largest unit that fits: ``3 days``, ``5 hours``."""
    for unit, length in (("day", 86400), ("hour", 3600), ("minute", 60)):
        count = int(seconds // length)
        if count >= 1:
            return f"{count} {unit}{'s' if count > 1 else ''}"
    return f"{max(0, int(seconds))} seconds"
