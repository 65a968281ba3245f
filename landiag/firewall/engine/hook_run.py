"""One hook: base chains by priority, connection tracking and NAT at their places."""

from __future__ import annotations

from msgspec import Struct, field
from msgspec.structs import replace

from landiag.firewall.engine.context import DNAT, PROXIED, SNAT, TAKEN
from landiag.firewall.engine.ends import End
from landiag.firewall.engine.evaluate import Walk
from landiag.firewall.engine.fields import PacketFields, merge
from landiag.firewall.engine.nat import SOURCE_KINDS, translated
from landiag.firewall.engine.passage import MAX_BRANCHES, HookResult, Passage
from landiag.firewall.engine.surroundings import Tuple
from landiag.model.action import Translate
from landiag.model.match import Doubt, UnknownKind
from landiag.model.packet import Packet
from landiag.model.ruleset import Chain, Ruleset, TraceLine, Verdict


class HookRun(Struct):
    """One packet's way through the base chains of a hook."""

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
            if passage.fields.get(PROXIED, 0) == TAKEN:
                passages.append(passage)
                continue
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
            is_settled = passage.fields.get(PROXIED, 0) != 0
            if is_settled or tracking is None or not _may_translate(state, passage.fields.packet.protocol):
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
