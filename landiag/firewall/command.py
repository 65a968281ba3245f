"""What `landiag firewall` answers: each packet with its verdict, the rule that decides, and the trace."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from ipaddress import ip_interface, ip_network
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from landiag.firewall.engine.conversation import Conversation
from landiag.firewall.engine.legs import Follower
from landiag.firewall.engine.pieces import IPNetwork, Piece, split_network
from landiag.firewall.engine.special import NEIGHBOURHOOD
from landiag.firewall.engine.surroundings import SavedSurroundings, Surroundings
from landiag.firewall.owners import find_owner
from landiag.model.packet import IPAddress, Packet
from landiag.model.ruleset import Chain, Ruleset, TraceLine, Verdict

SCHEMA = "landiag.firewall/1"

Around = Callable[[Packet], Surroundings]
"""The surroundings of the ruleset, for a packet."""


class Group(Struct, frozen=True):
    """Clients that fare alike: their pieces of the network, and what becomes of one of them."""

    pieces: tuple[Piece, ...]
    told: Conversation

    @property
    def size(self) -> int:
        """How many addresses."""
        return sum(piece.size for piece in self.pieces)


class Judged(Struct, frozen=True):
    """The answer for one packet. ``others`` are groups of clients that fare differently, the largest first."""

    packet: Packet
    told: Conversation
    others: tuple[Group, ...] = ()


def saved_around(ruleset: Ruleset) -> Around:
    """The surroundings of a saved ruleset: what each packet itself tells."""
    if any(key[0] == "pf" for key in ruleset.tables):
        from landiag.firewall.pf.around import PfSurroundings

        return PfSurroundings
    return SavedSurroundings


def judge_packets(
    ruleset: Ruleset,
    packets: Iterable[Packet],
    around: Around | None = None,
    network: IPNetwork | None = None,
    own: Sequence[IPAddress] = (),
) -> tuple[Judged, ...]:
    """Judge packets. One without a source speaks for the ordinary clients of ``network``.

    Without ``network`` that is the subnet of its destination, as far as ``interface_addresses`` tell it.
    """
    judge = Judge(ruleset, around or saved_around(ruleset), network, own)
    return tuple(judge.judge(packet) for packet in packets)


class Judge(Struct):
    """Judges packets by one ruleset."""

    ruleset: Ruleset
    around: Around
    network: IPNetwork | None = None
    own: Sequence[IPAddress] = ()

    def judge(self, packet: Packet) -> Judged:
        """Judge one packet."""
        network = self.network or _subnet(packet)
        if packet.source is not None or network is None or network.version != packet.version:
            return Judged(packet, self._follow(packet))
        groups = self.groups(packet, network)
        if not groups:
            return Judged(packet, self._follow(packet))
        first = groups[0]
        return Judged(replace(packet, source=first.pieces[0].speaker), first.told, groups[1:])

    def groups(self, packet: Packet, network: IPNetwork) -> tuple[Group, ...]:
        """The clients of a network by how they fare, the largest group first."""
        own = (*self.own, *(() if packet.destination is None else (packet.destination,)))
        pieces: dict[tuple[object, ...], list[Piece]] = {}
        told: dict[tuple[object, ...], Conversation] = {}
        for piece in split_network(self.ruleset, network, own):
            one = self._follow(replace(packet, source=piece.speaker))
            key = (one.verdict, one.reject_with, _same(one.decided_by))
            pieces.setdefault(key, []).append(piece)
            told.setdefault(key, one)
        groups = [Group(tuple(found), told[key]) for key, found in pieces.items()]
        return tuple(sorted(groups, key=lambda group: -group.size))

    def _follow(self, packet: Packet) -> Conversation:
        return Follower(self.ruleset, self.around(packet)).follow(packet)


def _same(line: TraceLine | None) -> object:
    if line is None or line.chain is None:
        return None
    return (line.chain.key, line.chain.name, line.rule.position if line.rule else None)


def _subnet(packet: Packet) -> IPNetwork | None:
    """The subnet of the packet's destination: as its interface says, else its neighbourhood."""
    for text in packet.interface_addresses:
        interface = ip_interface(text)
        if packet.destination is None or packet.destination in interface.network:
            return interface.network
    if packet.destination is None:
        return None
    return ip_network(f"{packet.destination}/{NEIGHBOURHOOD[packet.version]}", strict=False)


def exit_status(judged: Sequence[Judged]) -> int:
    """0 when every packet is accepted, 1 when one is stopped, 3 when one is unknown."""
    verdicts = {one.told.verdict for one in judged}
    if verdicts & {Verdict.DROP, Verdict.REJECT}:
        return 1
    return 0 if verdicts == {Verdict.ACCEPT} else 3


def write_json(ruleset: Ruleset, judged: Iterable[Judged], *, redacted: bool = False) -> dict[str, Any]:
    """The object of ``firewall --json``; ``redacted`` says that it will be."""
    packets = [judged_json(ruleset, one) for one in judged]
    return {"schema": SCHEMA, "redacted": redacted, "packets": packets}


def judged_json(ruleset: Ruleset, one: Judged, *, with_trace: bool = True) -> dict[str, Any]:
    """A packet with its verdict."""
    told = one.told
    found: dict[str, Any] = {
        "packet": packet_json(one.packet),
        "verdict": told.verdict.value,
        "reject_with": told.reject_with,
        "decided_by": None if told.decided_by is None else line_json(ruleset, told.decided_by, told.lines),
        "stopped": told.leg,
        "translated_to": translated_to(told),
    }
    if with_trace:
        found["trace"] = [trace_json(line) for line in told.lines]
    if one.others:
        found["others"] = [_group_json(ruleset, group) for group in one.others]
    return found


def translated_to(told: Conversation) -> dict[str, Any] | None:
    """Where a translation sends the conversation; None where none does, or nobody knows where."""
    if len(told.arrivals) != 1 or told.arrivals[0].translated is None:
        return None
    packet = told.arrivals[0].packet
    return {"destination": _text(packet.destination), "destination_port": packet.destination_port}


def _group_json(ruleset: Ruleset, group: Group) -> dict[str, Any]:
    told = group.told
    return {
        "clients": [_piece_text(piece) for piece in group.pieces],
        "verdict": told.verdict.value,
        "reject_with": told.reject_with,
        "decided_by": None if told.decided_by is None else line_json(ruleset, told.decided_by, told.lines),
    }


def _piece_text(piece: Piece) -> str:
    return str(piece.first) if piece.first == piece.last else f"{piece.first}-{piece.last}"


def packet_json(packet: Packet) -> dict[str, Any]:
    """A packet as JSON; what is not known is null."""
    return {
        "protocol": packet.protocol,
        "source": _text(packet.source),
        "destination": _text(packet.destination),
        "source_port": packet.source_port,
        "destination_port": packet.destination_port,
        "in_interface": packet.in_interface,
        "state": packet.state or "new",
        "mark": packet.mark,
        "ttl": packet.ttl if isinstance(packet.ttl, int) else None,
        "length": packet.length if isinstance(packet.length, int) else None,
        "flags": ",".join(sorted(packet.flags)),
        "pkttype": packet.pkttype,
    }


def _text(address: IPAddress | None) -> str | None:
    return None if address is None else str(address)


def line_json(ruleset: Ruleset, line: TraceLine, lines: tuple[TraceLine, ...]) -> dict[str, Any]:
    """The line that decided, with its backend and owner."""
    chain = line.chain
    return {
        "backend": chain.backend if chain else None,
        "owner": find_owner(ruleset, line, lines).text,
        **_place(line, chain),
        "rule": line.rule_text,
    }


def trace_json(line: TraceLine) -> dict[str, Any]:
    """One line of the trace."""
    return {**_place(line, line.chain), "rule": line.rule_text, "result": line.result, "packet": line.leg}


def _place(line: TraceLine, chain: Chain | None) -> dict[str, Any]:
    return {
        "family": chain.family if chain else None,
        "hook": line.hook,
        "table": chain.table if chain else None,
        "chain": chain.name if chain else None,
        "position": line.rule.position if line.rule else None,
        "handle": line.rule.handle if line.rule else None,
    }
