"""A client at the far end of WireGuard: the tunnel carries only the addresses that its peers may have."""

from __future__ import annotations

import shlex
from ipaddress import ip_network

from landiag.checks.case import Case, unknown_evidence
from landiag.collect.wireguard import ALLOWED, Peer, parse_peers
from landiag.journey.journey import Journey
from landiag.journey.ways import Way
from landiag.model.actions import Lasts
from landiag.model.facts import IPAddress, IPNetwork, ReadStatus, Unknown
from landiag.model.report import Evidence, Finding, Fix, Outcome
from landiag.model.terms import StageName, Symptom

_NOT_THERE = (ReadStatus.NOT_LOADED, ReadStatus.NOT_RECORDED)
"""No WireGuard in the kernel, or a recording of a landiag that did not ask for it."""


def not_allowed(case: Case, way: Way, journey: Journey) -> list[Finding]:
    """Find that no peer of the tunnel by which answers leave may have the client's address."""
    client, device = journey.packet.source, None if journey.way_back is None else journey.way_back.device
    reading = case.readings.get(ALLOWED.name)
    if client is None or device is None or reading is None or reading.status in _NOT_THERE:
        return []
    peers = case.parse(ALLOWED, parse_peers)
    if peers is None or isinstance(peers, Unknown):
        is_asked = client == case.peer and _is_tunnel(case, device)
        return [_not_read(way, client, device, peers)] if is_asked and peers is not None else []
    here = tuple(one for one in peers if one.interface == device)
    is_carried = any(one.has(client) if client == case.peer else one.is_in(way.network) for one in here)
    return [] if is_carried or not here else [_blocks(case, way, client, here)]


def _is_tunnel(case: Case, device: str) -> bool:
    known = () if isinstance(case.facts.interfaces, Unknown) else case.facts.interfaces
    return any(one.name == device and one.kind == "vpn" for one in known)


def _not_read(way: Way, client: IPAddress, device: str, unknown: Unknown) -> Finding:
    return Finding(
        code="no-route-to-client",
        outcome=Outcome.UNKNOWN,
        title=f"Whether the tunnel {device} carries packets of {client}: WireGuard's peers could not be read",
        detail=unknown.reason,
        evidence=unknown_evidence(unknown),
        paths=(way.id,),
        symptom=Symptom.UNKNOWN,
    )


def _blocks(case: Case, way: Way, client: IPAddress, peers: tuple[Peer, ...]) -> Finding:
    device = peers[0].interface
    whom = f"the device at {client}" if client == case.peer else f"devices in {way.network}"
    return Finding(
        code="no-route-to-client",
        outcome=Outcome.BLOCKS,
        title=f"WireGuard's {device} carries nothing from or to {whom}: no peer has it in its AllowedIPs",
        detail="Their packets are dropped when they have been decrypted, and answers are never sent.",
        evidence=tuple(Evidence(" ".join(ALLOWED.argv), _told(one)) for one in peers),
        fixes=(_allow(client, peers[0]) if client == case.peer and len(peers) == 1 else _edit(device, whom),),
        paths=(way.id,),
        stage=StageName.REPLY_ROUTE,
        symptom=Symptom.TIMEOUT,
    )


def _told(peer: Peer) -> str:
    return f"{peer.interface} peer {peer.key}: {', '.join(map(str, peer.allowed)) or '(none)'}"


def _allow(client: IPAddress, peer: Peer) -> Fix:
    """Add the client to what its peer may have; with one peer it can only be that one."""
    more = (*peer.allowed, ip_network(client))
    return Fix(
        f"Let the tunnel carry packets of {client}",
        (_set(peer, more),),
        (_set(peer, peer.allowed),),
        needs="root",
        lasts=Lasts.UNTIL_RESTART,
    )


def _set(peer: Peer, allowed: tuple[IPNetwork, ...]) -> str:
    words = ("wg", "set", peer.interface, "peer", peer.key, "allowed-ips", ",".join(map(str, allowed)))
    return shlex.join(words)


def _edit(device: str, whom: str) -> Fix:
    step = (
        f"Add the tunnel's address of {whom} to AllowedIPs of its [Peer] in /etc/wireguard/{device}.conf, "
        f"then: wg-quick down {device}; wg-quick up {device}"
    )
    return Fix("Give the peer its address", needs="user-action", steps=(step,))
