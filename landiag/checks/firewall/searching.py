"""What lets clients find this machine's hardware address through the chain that stops the questions, or the answers."""

from __future__ import annotations

from msgspec import Struct

from landiag.checks.case import Case
from landiag.checks.firewall.opening import opening_for
from landiag.journey.journey import Journey
from landiag.journey.ways import Way
from landiag.model.changes import listed_network
from landiag.model.facts import IPAddress, IPNetwork, Unknown
from landiag.model.lines import nft_undo
from landiag.model.report import Fix
from landiag.model.ruleset import Chain, Ruleset, TraceLine
from landiag.model.stages import SEARCH

_SENDING = ("output", "postrouting", "egress")
_COMMENT = "landiag neighbours"
_RISK = "the devices of that network find this machine, for whatever else it lets in"


class _Finders(Struct, frozen=True):
    """Who is to find this machine: a network without its routers, behind which are the clients of others."""

    network: IPNetwork
    routers: tuple[IPAddress, ...]
    is_sent: bool


def search_fixes(
    case: Case, way: Way, ruleset: Ruleset, journey: Journey, line: TraceLine
) -> tuple[Fix, ...]:
    """Let the clients' ARP or neighbour discovery through the chain that stops it; empty for any other packet.

    Routers ask by their link-local addresses: IPv6 clients of other networks are let in by nothing of this.
    """
    chain, asked = line.chain, journey.packet.destination
    if line.leg not in SEARCH or chain is None or asked is None:
        return ()
    clients = opening_for(case, way, ruleset, journey).clients
    finders = _Finders(clients, _routers(case, clients), line.hook in _SENDING)
    if chain.backend.startswith("iptables") and asked.version == 6:
        lines = _ip6tables(chain, finders)
    elif chain.backend == "nftables":
        lines = _nft(chain, finders)
    else:
        return ()
    return (Fix("Let clients find this machine's hardware address", *lines, needs="root", risk=_RISK),)


def _routers(case: Case, clients: IPNetwork) -> tuple[IPAddress, ...]:
    """The gateways of this machine that are in the clients' network; a client that was named is none."""
    routes = () if isinstance(case.facts.routes, Unknown) else case.facts.routes
    gateways = dict.fromkeys(one.gateway for one in routes if one.gateway is not None)
    return tuple(one for one in gateways if one in clients and one != case.peer)


def _ip6tables(chain: Chain, finders: _Finders) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What to type, and what takes it back."""
    tool = chain.backend.replace("iptables", "ip6tables")
    tool += "" if chain.table == "filter" else f" -t {chain.table}"
    side, span = ("-d", "--dst-range") if finders.is_sent else ("-s", "--src-range")
    who = f"{side} {finders.network}" + "".join(
        f" -m iprange ! {span} {one}-{one}" for one in finders.routers
    )
    added, removed = (
        tuple(
            f"{tool} {verb} {chain.name} {who} -p ipv6-icmp --icmpv6-type {kind} -j ACCEPT"
            for kind in ("neighbour-solicitation", "neighbour-advertisement")
        )
        for verb in ("-I", "-D")
    )
    return added, removed


def _nft(chain: Chain, finders: _Finders) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What to type, and what takes it back."""
    side = "daddr" if finders.is_sent else "saddr"
    is_ipv6 = finders.network.version == 6
    field = f"ip6 {side}" if is_ipv6 else f"arp {side} ip"
    who = " ".join((f"{field} {finders.network}", *(f"{field} != {one}" for one in finders.routers)))
    what = "icmpv6 type '{ nd-neighbor-solicit, nd-neighbor-advert }'" if is_ipv6 else _ARP
    place = (chain.family, chain.table, chain.name)
    command = f"nft insert rule {' '.join(place)} {who} {what} accept comment '\"{_COMMENT}\"'"
    return (command,), (nft_undo(place, f"{field} {listed_network(finders.network)}", _COMMENT),)


_ARP = "arp operation '{ request, reply }'"
