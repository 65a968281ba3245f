"""The second half of a port proxy's way: Windows' own connection to where it leads, and Windows' outbound rules."""

from __future__ import annotations

from collections.abc import Iterable

from landiag.checks import words
from landiag.checks.case import Case
from landiag.checks.windows.openings import ask_about, quoted
from landiag.checks.wsl.passing import proxies_of
from landiag.checks.wsl.proxies import as_address
from landiag.collect.portproxy import PortProxy
from landiag.collect.windows import parse_policy
from landiag.firewall.command import judge_packets
from landiag.firewall.engine.conversation import Conversation
from landiag.firewall.windows.outgoing import outgoing
from landiag.firewall.windows.policy import FirewallRule, Policy, ProfileRule, Store
from landiag.firewall.windows.settings import PROFILES
from landiag.model.facts import Interface, IPAddress, Unknown
from landiag.model.packet import Packet
from landiag.model.report import Evidence, Finding, Fix, Outcome
from landiag.model.ruleset import Verdict
from landiag.model.terms import Symptom

_HELPER = r"C:\Windows\System32\svchost.exe"


def check(case: Case) -> list[Finding]:
    """Seen from Windows: check the proxy that takes clients' connections."""
    proxies = proxies_of(case)
    policy = parse_policy(case.readings)
    if not proxies or isinstance(policy, Unknown):
        return []
    known = () if isinstance(case.facts.interfaces, Unknown) else case.facts.interfaces
    return check_onward(policy, proxies[0], known)


def check_onward(policy: Policy, proxy: PortProxy, interfaces: Iterable[Interface]) -> list[Finding]:
    """Check whether Windows' outbound rules let the IP Helper service connect to where its proxy leads."""
    ip = as_address(proxy.connect_address, proxy.connect_family)
    if ip is None:
        return []
    ruleset = outgoing(policy).lower()
    packets = [_packet(ip, proxy.connect_port, profile) for profile in _profiles(ip, interfaces)]
    told = [one.told for one in judge_packets(ruleset, packets)]
    verdicts = {one.verdict for one in told}
    if verdicts == {Verdict.ACCEPT}:
        return []
    certain = verdicts == {Verdict.DROP}
    return [_stopped(proxy, next(one for one in told if one.verdict is not Verdict.ACCEPT), certain=certain)]


def _profiles(ip: IPAddress, interfaces: Iterable[Interface]) -> tuple[str, ...]:
    """The profile of the adapter that leads there; all of them where it has none, or nobody knows it."""
    for one in interfaces:
        if one.profile is not None and any(ip in address.network for address in one.addresses):
            return (one.profile,)
    return PROFILES


def _packet(ip: IPAddress, port: int, profile: str) -> Packet:
    """Its packet as ``outgoing`` wants it: from the far end to the service, whose own port nobody knows."""
    return Packet(
        source=ip, source_port=port, program=_HELPER, services=("iphlpsvc",), profile=profile, state="new"
    )


def _stopped(proxy: PortProxy, told: Conversation, *, certain: bool) -> Finding:
    where = f"{proxy.connect_address}:{proxy.connect_port}"
    line = told.decided_by if told.decided_by is not None else next(iter(told.unknown), None)
    rule = line.rule.source if line is not None and isinstance(line.rule, ProfileRule) else None
    text = "" if line is None else line.rule_text
    why = f"rule '{rule.title}'" if rule is not None else "its default for outbound connections"
    doubt = "" if certain else "Whether "
    verb = "blocks" if certain else "lets"
    end = f": {why}" if certain else " through: an outbound rule hangs on what can't be seen here"
    title = f"{doubt}Windows Firewall {verb} the port proxy's own connection to {where}{end}"
    return Finding(
        code="firewall-drops" if certain else "firewall-unreadable",
        outcome=Outcome.BLOCKS if certain else Outcome.UNKNOWN,
        symptom=Symptom.UNKNOWN,
        title=title,
        detail="Clients' connections come as far as Windows; the IP Helper service then makes one of its own.",
        evidence=(Evidence("Windows Firewall", f"output: {text}"),),
        fixes=_fixes(proxy, rule) if certain else (),
    )


def _fixes(proxy: PortProxy, rule: FirewallRule | None) -> tuple[Fix, ...]:
    """Switch the rule off that blocks; where none does, let this one connection out."""
    if rule is not None and rule.store is not Store.LOCAL:
        return (ask_about(rule),)
    if rule is not None:
        title, name = "Switch off the rule that blocks", quoted(rule.identity)
        add, remove = f"Disable-NetFirewallRule -Name {name}", f"Enable-NetFirewallRule -Name {name}"
    else:
        title, name = "Let the port proxy's connection out", f"landiag-out-{proxy.connect_port}"
        add = (
            f"New-NetFirewallRule -Name '{name}' -DisplayName 'landiag: port proxy to {proxy.connect_port}' "
            f"-Direction Outbound -Action Allow -Protocol TCP -RemoteAddress {proxy.connect_address} "
            f"-RemotePort {proxy.connect_port}"
        )
        remove = f"Remove-NetFirewallRule -Name '{name}'"
    return (
        Fix(
            f"{title} (PowerShell as administrator)", (add,), (remove,), needs="root", steps=(words.ELEVATE,)
        ),
    )
