"""WSL2 in mirrored mode, seen from inside: the Hyper-V firewall of Windows, and its own rules that count there."""

from __future__ import annotations

from ipaddress import ip_network

from msgspec.structs import replace

from landiag.checks.case import Case
from landiag.checks.wsl_sources import WSL_GROUP_POLICY, WSL_RULES, WSL_STATE, rights
from landiag.collect.windows_state import STATE, HyperVRule, WindowsState, decoded, parse_state
from landiag.firewall.windows.conditions import Package, Program, Service
from landiag.firewall.windows.policy import FirewallRule, Policy, ProfileRule
from landiag.firewall.windows.registry import build_policy
from landiag.firewall.windows.registry_text import parse_entries
from landiag.journey.journey import follow_through
from landiag.model.facts import ReadStatus, Unknown
from landiag.model.report import Evidence, Finding, Fix, Outcome
from landiag.model.ruleset import Verdict

_CREATOR = "{40E0AC32-46A5-438A-A0B2-2B479E8F2E90}"
"""The VMCreatorId of WSL in the Hyper-V firewall."""


def check_mirrored(case: Case) -> list[Finding]:
    """Check what the Hyper-V firewall does with clients of a distribution that shares Windows' network."""
    reading = case.readings.get(WSL_STATE.name)
    if reading is None or reading.status is not ReadStatus.OK:
        return [_unreadable(case, "it was not read" if reading is None else reading.detail)]
    state = parse_state({STATE.name: reading})
    if isinstance(state, Unknown):
        return [_unreadable(case, state.reason)]
    if state.hyperv_inbound is None:
        return [_unreadable(case, "Windows did not tell it")]
    passes = _passes(case, state)
    if isinstance(passes, Unknown):
        return [_unreadable(case, passes.reason)]
    return [] if passes else [_blocks(case, state)]


def _passes(case: Case, state: WindowsState) -> bool | Unknown:
    """A rule that blocks wins over one that allows; then rules of Windows count, then the default."""
    if state.hyperv_enabled is False:
        return True
    matching = [rule for rule in state.hyperv_rules if _matches(case, rule)]
    if any(rule.action == "Block" for rule in matching):
        return False
    if any(rule.action == "Allow" for rule in matching) or state.hyperv_inbound == "Allow":
        return True
    return _passes_on_windows(case, state) if state.hyperv_merges is not False else False


def _matches(case: Case, rule: HyperVRule) -> bool:
    if rule.protocol.upper() not in ("TCP", "6", "ANY", ""):
        return False
    return _has_port(rule.ports, case.port) and _has_client(case, rule.remote)


def _has_port(ports: tuple[str, ...], port: int) -> bool:
    for word in ports:
        low, dash, high = word.partition("-")
        if low.isdecimal() and int(low) <= port <= int(high if dash and high.isdecimal() else low):
            return True
    return not ports or any(word.lower() == "any" for word in ports)


def _has_client(case: Case, remote: tuple[str, ...]) -> bool:
    """Whether the clients are among the remote addresses of a rule; what is not understood holds nobody."""
    if case.way is None or not remote:
        return not remote
    for word in remote:
        if word.lower() in ("any", "localsubnet", f"localsubnet{case.way.ip.version}"):
            return True
        try:
            network = ip_network(word, strict=False)
        except ValueError:
            continue
        if network.version == case.way.ip.version and case.way.network.subnet_of(network):  # type: ignore[arg-type]
            return True
    return False


def _passes_on_windows(case: Case, state: WindowsState) -> bool | Unknown:
    """Whether a rule of Windows Firewall lets clients in. Only those count that name no program."""
    entries = decoded(case.readings, WSL_RULES, parse_entries)
    if isinstance(entries, Unknown):
        return Unknown(
            f"rules of Windows count for WSL, and they were not read: {entries.reason}", WSL_RULES.name
        )
    of_groups = decoded(case.readings, WSL_GROUP_POLICY, parse_entries)
    whole = build_policy([*entries, *(() if isinstance(of_groups, Unknown) else of_groups)])
    policy = Policy(
        [rule for rule in whole.rules if _is_plain(rule)], whole.settings, whole.has_rules, whole.gaps
    )
    found = {_passes_profile(case, policy, profile) for profile in {one.category for one in state.profiles}}
    certain = found.pop() if len(found) == 1 else None
    if certain is not None:
        return certain
    return Unknown("rules of Windows count for WSL, and what they do is not certain", WSL_RULES.name)


def _is_plain(rule: FirewallRule) -> bool:
    return not any(isinstance(match, (Program, Service, Package)) for match in rule.matches)


def _passes_profile(case: Case, policy: Policy, profile: str) -> bool | None:
    for one in case.classes.get(case.way.id, ())[:1] if case.way else ():
        packet = replace(one.journey.packet, profile=profile)
        journey = follow_through(case.facts, policy.lower(), packet)
        rule = journey.decided_by.rule if journey.decided_by is not None else None
        if journey.verdict is Verdict.UNKNOWN:
            return None
        if journey.verdict is Verdict.ACCEPT and not isinstance(rule, ProfileRule):
            return None  # the firewall of Windows is off, or allows by default: that is not said of WSL's
        return journey.verdict is Verdict.ACCEPT
    return None


def _unreadable(case: Case, reason: str) -> Finding:
    return Finding(
        code="firewall-unreadable",
        outcome=Outcome.UNKNOWN,
        title=f"Whether the Hyper-V firewall of Windows lets clients in to port {case.port} could not be read",
        detail="WSL2 in mirrored mode lies behind that firewall, which blocks by default.",
        evidence=(Evidence("Get-NetFirewallHyperVVMSetting", reason),),
        fixes=(
            Fix(
                "Show it (PowerShell, on Windows)",
                (f"Get-NetFirewallHyperVVMSetting -PolicyStore ActiveStore -Name '{_CREATOR}'",),
                needs="user-action",
            ),
        ),
    )


def _blocks(case: Case, state: WindowsState) -> Finding:
    name = f"landiag-tcp-{case.port}"
    add = (
        f"New-NetFirewallHyperVRule -Name '{name}' -DisplayName 'landiag: TCP {case.port}' -Direction Inbound "
        f"-VMCreatorId '{_CREATOR}' -Protocol TCP -LocalPorts {case.port} -RemoteAddresses LocalSubnet4 -Action Allow"
    )
    return Finding(
        code="firewall-drops",
        outcome=Outcome.BLOCKS,
        title=f"The Hyper-V firewall of Windows lets nothing in to port {case.port} of WSL",
        detail="In mirrored mode rules for programs do not count for WSL, and what no rule allows is blocked.",
        evidence=(
            Evidence("Get-NetFirewallHyperVVMSetting", f"input: DefaultInboundAction {state.hyperv_inbound}"),
        ),
        fixes=(
            Fix(
                "Let clients of the local subnet in (PowerShell as administrator, on Windows)",
                (add,),
                (f"Remove-NetFirewallHyperVRule -Name '{name}'",),
                needs=rights(case),
            ),
        ),
    )
