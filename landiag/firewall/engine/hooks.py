"""One packet through one hook: its base chains by priority, connection tracking and translation among them.

Accepting is not final: the next base chain still sees the packet. Dropping is. The translations of all nat
chains happen at one priority (-100 before routing and for local output, 100 after routing and for input),
for the first packet of a connection only (nf_nat_inet_fn).
"""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from landiag.firewall.engine.context import ZONE, Tracking
from landiag.firewall.engine.fields import PacketFields
from landiag.firewall.engine.hook_run import HookRun, set_packet
from landiag.firewall.engine.passage import HookResult, Passage
from landiag.firewall.engine.tracked import is_tracked
from landiag.model.packet import Packet, Value
from landiag.model.ruleset import Chain, Ruleset

CONNTRACK_PRIORITY = -200
NAT_PRIORITY = {"prerouting": -100, "output": -100, "input": 100, "postrouting": 100}

Span = tuple[int, int]
"""Chains from one priority to another."""

ALL: Span = (-(1 << 31), (1 << 31) - 1)


class Place(Struct, frozen=True):
    """Where a packet is: a hook of a family (``ip``, ``ip6``, ``bridge``, ``netdev``).

    ``leg`` names the packet in the trace. ``device`` selects the chains of ingress and egress, ``span`` those
    between two priorities.
    """

    hook: str
    family: str
    leg: str = ""
    device: str | None = None
    span: Span = ALL


def run_hook(
    ruleset: Ruleset,
    fields: PacketFields,
    place: Place,
    *,
    tracking: Tracking | None = None,
    rewrite: Packet | None = None,
) -> HookResult:
    """Send a packet through a hook.

    ``tracking`` is what connection tracking will find when the packet gets there (hooks before routing and
    output); elsewhere the fields' own context holds it already. ``rewrite`` has the addresses and ports that
    translation gives to a packet of a connection that it has translated before.
    """
    hook, span = place.hook, place.span
    run = HookRun(ruleset, hook, place.leg, place.device)
    result = HookResult([Passage(fields)], [], run.lines)
    tracked = tracking is None
    rewritten = rewrite is None
    entries = _entries(ruleset, hook, place.family, place.device)
    for priority, chains, is_nat in entries:
        if not span[0] <= priority <= span[1]:
            continue
        if not tracked and priority >= CONNTRACK_PRIORITY:
            exact = priority == CONNTRACK_PRIORITY and not is_nat
            tracked = not exact
            _track(result.passages, replace(tracking, state=None) if exact and tracking else tracking)
        if not rewritten and priority >= NAT_PRIORITY.get(hook, 0):
            rewritten = _rewrite(result.passages, rewrite)
        if is_nat:
            run.nat(result, chains)
        else:
            run.filter(result, chains[0])
        if not result.passages:
            return result
    if not tracked:
        _track(result.passages, tracking)
    if not rewritten:
        _rewrite(result.passages, rewrite)
    return result


def _rewrite(passages: list[Passage], rewrite: Packet | None) -> bool:
    """Translate packets of a connection that is translated already; those that are not tracked stay as they are."""
    for passage in passages:
        tracking = passage.fields.context.tracking
        if rewrite is not None and tracking is not None and tracking.state == "established":
            endpoints = {name: getattr(rewrite, name) for name in ENDPOINTS}
            set_packet(passage.fields, replace(passage.fields.packet, **endpoints))
    return True


ENDPOINTS = ("source", "destination", "source_port", "destination_port")


def pass_freely(fields: PacketFields, tracking: Tracking | None, rewrite: Packet | None) -> None:
    """Send a packet through a hook that has no chains: it is tracked and translated all the same."""
    passages = [Passage(fields)]
    if tracking is not None:
        _track(passages, tracking)
    if rewrite is not None:
        _rewrite(passages, rewrite)


def _entries(
    ruleset: Ruleset, hook: str, family: str, device: str | None
) -> list[tuple[int, tuple[Chain, ...], bool]]:
    """What runs at a hook in order: (priority, chains, whether they are the nat chains)."""
    entries: list[tuple[int, tuple[Chain, ...], bool]] = []
    nat: list[Chain] = []
    for chain in ruleset.hooked(hook, family):
        if chain.hook is None or not _on_device(chain.hook.devices, device, hook):
            continue
        if chain.hook.kind == "nat":
            nat.append(chain)
        else:
            entries.append((chain.hook.priority, (chain,), False))
    if nat and is_tracked(ruleset, family):
        entries.append((NAT_PRIORITY.get(hook, 0), tuple(nat), True))
        entries.sort(key=lambda entry: entry[0])
    return entries


def _on_device(devices: tuple[str, ...] | None, device: str | None, hook: str) -> bool:
    if hook not in ("ingress", "egress") or devices is None or device is None:
        return True
    return any(name == device or (name.endswith("*") and device.startswith(name[:-1])) for name in devices)


def _track(passages: list[Passage], tracking: Tracking | None) -> None:
    for passage in passages:
        found = tracking
        if tracking is not None and passage.untracked is not False:
            found = replace(tracking, state="untracked" if passage.untracked else None)
        elif tracking is not None:
            found = _in_zone(tracking, passage.fields.get(ZONE, 0))
        passage.fields.context = replace(passage.fields.context, tracking=found)
        passage.fields.forget("ct ")


def _in_zone(tracking: Tracking, assigned: Value) -> Tracking:
    """What tracking finds in the zone that a rule has put the packet into: it sees no connection of another zone."""
    zone = assigned if isinstance(assigned, int) else None
    if tracking.state != "established":
        return replace(tracking, zone=zone)
    if zone is None or tracking.zone is None:
        return replace(tracking, state=None, zone=None)
    return tracking if zone == tracking.zone else replace(tracking, state="invalid", zone=zone)
