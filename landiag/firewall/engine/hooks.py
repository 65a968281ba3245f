"""One packet through one hook: its base chains by priority, connection tracking and translation among them.

Accepting is not final: the next base chain still sees the packet. Dropping is. The translations of all nat
chains happen at one priority (-100 before routing and for local output, 100 after routing and for input),
for the first packet of a connection only (nf_nat_inet_fn).
"""

from __future__ import annotations

from msgspec import Struct, field
from msgspec.structs import replace

from landiag.firewall.engine.ends import Doubts, End, times
from landiag.firewall.engine.evaluate import Walk
from landiag.firewall.engine.fields import DNAT, SNAT, PacketFields, Tracking, merge
from landiag.firewall.engine.nat import SOURCE_KINDS, translated
from landiag.firewall.engine.surroundings import Tuple
from landiag.firewall.engine.tracked import is_tracked
from landiag.model.action import Translate
from landiag.model.match import Doubt, UnknownKind
from landiag.model.packet import Packet
from landiag.model.ruleset import Chain, Ruleset, TraceLine, Verdict

CONNTRACK_PRIORITY = -200
NAT_PRIORITY = {"prerouting": -100, "output": -100, "input": 100, "postrouting": 100}
MAX_BRANCHES = 8

Span = tuple[int, int]
"""Chains from one priority to another."""

ALL: Span = (-(1 << 31), (1 << 31) - 1)


class Passage(Struct):
    """A packet that passed a hook, perhaps: its fields, and the translation it got there.

    ``doubts`` say on what it hangs that it passed, and passed so; ``share`` is the part of connections that do.
    """

    fields: PacketFields
    untracked: bool | None = False
    translate: Translate | None = None
    doubts: Doubts = ()
    share: float | None = 1.0

    def hang(self, end: End) -> End:
        """An end of the packet that passed so far."""
        return replace(end, doubts=(*self.doubts, *end.doubts), share=times(self.share, end.share))


class HookResult(Struct):
    """What a hook did: the ways in which the packet passed it, and the ways in which it was stopped.

    ``lines`` is the trace. No passages: it was stopped for certain, by one of ``stops``.
    """

    passages: list[Passage]
    stops: list[End]
    lines: list[TraceLine] = field(default_factory=list)


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
    run = _HookRun(ruleset, hook, place.leg, place.device)
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
        passage.fields.context = replace(passage.fields.context, tracking=found)
        passage.fields.forget("ct ")


class _HookRun(Struct):
    ruleset: Ruleset
    hook: str
    leg: str
    device: str | None = None
    lines: list[TraceLine] = field(default_factory=list)

    def _walk(self, chain: Chain, passage: Passage) -> list[End]:
        watch = passage.fields.context.surroundings.watch
        if watch is not None:
            watch.enter(chain, passage.fields, self.hook, self.leg)
        before = passage.fields.copy() if _may_be_skipped(chain, self.hook, self.device) else None
        walk = Walk(
            self.ruleset, passage.fields, self.hook, self.leg, self.lines, untracked=passage.untracked
        )
        ends = walk.run(chain)
        passage.untracked = walk.untracked
        if before is not None:
            what = f"whether {chain.table} {chain.name} is in force is not known"
            doubts = (Doubt(UnknownKind.UNREADABLE, what),)
            line = TraceLine(
                self.hook, f"perhaps accept: {what}", chain, None, what, self.leg, Verdict.ACCEPT, doubts
            )
            self.lines.append(line)
            ends = [replace(end, doubts=(*doubts, *end.doubts), share=None) for end in ends]
            ends.append(End(Verdict.ACCEPT, line, before, doubts=doubts, share=None))
        return [passage.hang(end) for end in ends]

    def filter(self, result: HookResult, chain: Chain) -> None:
        """Walk one chain with every passage; what is not stopped goes on, merged."""
        passages = []
        for passage in result.passages:
            ends = self._walk(chain, passage)
            passing = [end for end in ends if end.verdict is Verdict.ACCEPT]
            stops = [end for end in ends if end.verdict is not Verdict.ACCEPT]
            result.stops += stops
            if passing:
                passages.append(_passed(passage, passing, is_certain=not stops))
        result.passages = passages
        if chain.hook is not None and chain.hook.kind == "route":
            for passage in passages:
                _route_again(passage.fields)

    def nat(self, result: HookResult, chains: tuple[Chain, ...]) -> None:
        """Ask the nat chains, in order, until one translates; only a new connection's first packet."""
        done: list[Passage] = []
        for passage in result.passages:
            tracking = passage.fields.context.tracking
            state = None if tracking is None else tracking.state
            if tracking is None or not _may_translate(state, passage.fields.packet.protocol):
                done.append(passage)
                continue
            if state is None:
                doubts = (*passage.doubts, Doubt(UnknownKind.UNMODELLED, "whether the packet is tracked"))
                done.append(replace(passage, fields=passage.fields.copy(), doubts=doubts, share=None))
                passage.doubts, passage.share = doubts, None
            self._translate(result, passage, chains, done)
        result.passages = done[:MAX_BRANCHES]
        if len(done) > MAX_BRANCHES:
            last = result.passages[-1]
            last.fields.packet = replace(last.fields.packet, destination=None, destination_port=None)

    def _translate(
        self, result: HookResult, passage: Passage, chains: tuple[Chain, ...], done: list[Passage]
    ) -> None:
        waiting = [passage]
        for chain in chains:
            following: list[Passage] = []
            for one in waiting:
                for end in self._walk(chain, one):
                    if end.verdict is not Verdict.ACCEPT:
                        result.stops.append(end)
                        continue
                    moved = replace(one, fields=end.fields, doubts=end.doubts, share=end.share)
                    if end.translate is None or not _apply(moved, end.translate):
                        following.append(moved)
                    else:
                        done.append(moved)
            waiting = _unite(following)
        done += waiting


def _passed(passage: Passage, passing: list[End], *, is_certain: bool) -> Passage:
    """What passed a chain by one or several of its ends, as one."""
    fields = passing[0].fields
    for end in passing[1:]:
        fields = merge(fields, end.fields)
    if is_certain:
        return replace(passage, fields=fields)
    shares = [end.share for end in passing]
    share = None if None in shares else sum(one for one in shares if one is not None)
    doubts = tuple(dict.fromkeys(doubt for end in passing for doubt in end.doubts))
    return replace(passage, fields=fields, doubts=doubts, share=share)


def _route_again(fields: PacketFields) -> None:
    """Route an own packet anew where a chain of type ``route`` has changed its mark (ip_route_me_harder)."""
    mark, packet = fields["meta mark"], fields.packet
    if fields.context.hook != "output" or mark == packet.mark:
        return
    known = mark if isinstance(mark, int) else None
    way = None if known is None else fields.context.surroundings.way_back(packet, known)
    fields.packet = replace(packet, out_interface=way.device if way else None, mark=known)
    fields.forget("oif", "rt")


def _may_be_skipped(chain: Chain, hook: str, device: str | None) -> bool:
    """Whether nobody knows if the chain sees the packet: a table perhaps dormant, devices that are not told."""
    devices = () if chain.hook is None or hook not in ("ingress", "egress") else chain.hook.devices
    return devices is None or (device is None and bool(devices)) or chain.in_force is None


def _may_translate(state: str | None, protocol: str) -> bool:
    """Whether nat chains see a packet: the first of a connection, and resets that belong to one."""
    return state in (None, "new") or (state == "related" and protocol != "icmp")


def _unite(passages: list[Passage]) -> list[Passage]:
    if len(passages) < 2:
        return passages
    fields = passages[0].fields
    for passage in passages[1:]:
        fields = merge(fields, passage.fields)
    doubts = tuple(dict.fromkeys(doubt for passage in passages for doubt in passage.doubts))
    shares = [passage.share for passage in passages]
    share = None if None in shares else sum(one for one in shares if one is not None)
    return [replace(passages[0], fields=fields, doubts=doubts, share=share)]


def _apply(passage: Passage, action: Translate) -> bool:
    packet = translated(passage.fields, action)
    if packet is None:
        return False
    if packet == passage.fields.packet and None not in (packet.source, packet.destination):
        passage.translate = action
        return True
    set_packet(passage.fields, packet)
    passage.translate = action
    tracking = passage.fields.context.tracking
    if tracking is not None and tracking.status is not None:
        bit = SNAT if action.kind in SOURCE_KINDS else DNAT
        reply = reply_tuple(packet)
        changed = replace(tracking, status=tracking.status | bit, reply=reply)
        passage.fields.context = replace(passage.fields.context, tracking=changed)
        passage.fields.forget("ct status", "ct reply")
    return True


def reply_tuple(packet: Packet) -> Tuple:
    """The tuple of the packets that answer this one."""
    return Tuple(packet.destination, packet.source, packet.destination_port, packet.source_port)


def set_packet(fields: PacketFields, packet: Packet) -> None:
    """Put other addresses and ports into the fields."""
    fields.packet = packet
    fields.forget("ip saddr", "ip daddr", "ip6 saddr", "ip6 daddr", "fib", "rt", *_PORTS)


_PORTS = tuple(
    f"{protocol} {side}"
    for protocol in ("tcp", "udp", "sctp", "dccp", "udplite", "th", "ipset", "bitmap")
    for side in ("sport", "dport")
)
