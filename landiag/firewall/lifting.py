"""Bans of programs that watch logs and set rules themselves: what each is told to lift one, and to set it again."""

from __future__ import annotations

from ipaddress import summarize_address_range

from msgspec import Struct

from landiag.firewall.named import sources_named
from landiag.firewall.owners import Manager, Owner
from landiag.model.facts import IPAddress
from landiag.model.ruleset import Step, TraceLine
from landiag.model.sets import InSet

BANNING = (Manager.FAIL2BAN, Manager.CROWDSEC, Manager.SSHGUARD)


class Told(Struct, frozen=True):
    """What a firewall's own program is told, and what takes that back: a ban is lifted, panic mode is left."""

    argv: tuple[str, ...]
    undo_argv: tuple[str, ...]
    risk: str | None = None


def lift_ban(owner: Owner, decided_by: TraceLine, client: IPAddress) -> tuple[str, Told] | None:
    """What is done, in words, and what to tell the program; None where it is not known where the ban is kept."""
    banned = _banned(decided_by, client)
    if owner.manager is Manager.FAIL2BAN:
        return _fail2ban(owner, client, banned) if owner.place else None
    if owner.manager is Manager.CROWDSEC:
        return _crowdsec(client, banned)
    told = _sshguard(decided_by, client)
    return None if told is None else (f"Lift sshguard's block of {client}", told)


def _fail2ban(owner: Owner, client: IPAddress, banned: tuple[str, ...]) -> tuple[str, Told]:
    lift, ban = (("fail2ban-client", "set", owner.place, verb, *banned) for verb in ("unbanip", "banip"))
    return f"Lift the ban of {client} in fail2ban's jail {owner.place}", Told(lift, ban)


def _crowdsec(client: IPAddress, banned: tuple[str, ...]) -> tuple[str, Told]:
    """A decision is about an address or a range (cscli(1), decisions)."""
    scope = ("--range", banned[-1]) if len(banned) > 1 else ("--ip", banned[0])
    lift, ban = (("cscli", "decisions", verb, *scope) for verb in ("delete", "add"))
    return f"Lift CrowdSec's decision against {client}", Told(lift, ban)


def _sshguard(decided_by: TraceLine, client: IPAddress) -> Told | None:
    """It has no command for that: the block is in a set, or a rule of its own chain (sshguard's fw backends)."""
    chain, rule = decided_by.chain, decided_by.rule
    if chain is None or rule is None:
        return None
    name = next((one for one in map(_set_name, rule.steps) if one is not None), None)
    if name is None and chain.backend.startswith("iptables"):
        tool = chain.backend if client.version == 4 else chain.backend.replace("iptables", "ip6tables", 1)
        drop = (chain.name, "-s", str(client), "-j", "DROP")
        return Told((tool, "-D", *drop), (tool, "-A", *drop))
    if name is None:
        return None
    if chain.backend.startswith("iptables"):
        return Told(("ipset", "del", name, str(client)), ("ipset", "add", name, str(client)))
    place = (chain.family, chain.table, name, "{", str(client), "}")
    return Told(("nft", "delete", "element", *place), ("nft", "add", "element", *place))


def _set_name(step: Step) -> str | None:
    return step.elements.name.removeprefix("@") if isinstance(step, InSet) and step.elements.name else None


def _banned(decided_by: TraceLine, client: IPAddress) -> tuple[str, ...]:
    """What was banned: the client, and the network that holds it where the rule names one."""
    kind = type(client)
    wide = (pair for pair in sources_named(decided_by.rule, client) if pair[0] < pair[1])
    networks = (part for low, high in wide for part in summarize_address_range(kind(low), kind(high)))
    return (str(client), *(str(part) for part in networks if client in part and part.num_addresses > 1))
