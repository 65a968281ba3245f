"""Bans that fail2ban has set by the rules of others (ufw, firewalld): it is asked itself whom it bans."""

from __future__ import annotations

from ipaddress import ip_network

from landiag.checks.case import Case
from landiag.checks.firewall.direct import direct_owner
from landiag.checks.firewall.stored import with_stored
from landiag.collect.bans import BANNED, parse_banned
from landiag.collect.hints import shuts_ipv6
from landiag.firewall.named import sources_named
from landiag.firewall.owners import Manager, Owner, find_owner
from landiag.journey.journey import Journey
from landiag.model.facts import Command
from landiag.model.operands import Ranges
from landiag.model.ruleset import Ruleset, TraceLine, Verdict


def plan(case: Case) -> tuple[Command, ...]:
    """Ask for its bans where a rule stops a client that it names."""
    ways = case.ways if case.facts.os == "linux" else ()
    journeys = (one.journey for way in ways for one in case.classes.get(way.id, ()))
    return (BANNED,) if any(map(_is_singled_out, journeys)) else ()


def owner_of(case: Case, ruleset: Ruleset, journey: Journey, line: TraceLine) -> Owner:
    """Who stops a conversation by this line: fail2ban by what it bans, ufw and firewalld by what they say."""
    asked = journey.packet.destination_port
    owner = (
        direct_owner(case, line) or _shuts_ipv6(case, line) or find_owner(ruleset, line, journey.lines, asked)
    )
    owner = with_stored(case, journey, owner)
    jails = case.parse(BANNED, parse_banned)
    if owner.manager is Manager.FAIL2BAN or not isinstance(jails, dict):
        return owner
    named = _named(journey, line)
    jail = next((name for name, banned in jails.items() if any(_span(one) in named for one in banned)), None)
    if jail is None:
        return owner
    text = f"fail2ban jail {jail}"
    return Owner(Manager.FAIL2BAN, text, jail, subject=text, reason=f"by {owner.text}")


def _shuts_ipv6(case: Case, line: TraceLine) -> Owner | None:
    """ufw, where it drops all of IPv6; nothing in the rules themselves says so."""
    chain = line.chain
    is_policy = chain is not None and (chain.family, chain.table) == ("ip6", "filter") and line.rule is None
    if not is_policy or not shuts_ipv6(case.readings):
        return None
    return Owner(
        Manager.UFW, "ufw (IPV6=no)", subject="ufw", reason="IPV6=no in /etc/default/ufw", shuts_ipv6=True
    )


def _span(banned: str) -> tuple[int, int] | None:
    """The first and the last address that a ban holds."""
    try:
        network = ip_network(banned, strict=False)
    except ValueError:
        return None
    return int(network[0]), int(network[-1])


def _is_singled_out(journey: Journey) -> bool:
    stops = journey.verdict in (Verdict.DROP, Verdict.REJECT)
    return stops and journey.decided_by is not None and bool(_named(journey, journey.decided_by))


def _named(journey: Journey, line: TraceLine) -> Ranges:
    client = journey.packet.source
    return () if client is None else sources_named(line.rule, client)
