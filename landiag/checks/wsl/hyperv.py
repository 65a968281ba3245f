"""WSL2 in mirrored mode, seen from inside: the Hyper-V firewall of Windows, and its own rules that count there."""

from __future__ import annotations

from msgspec.structs import replace

from landiag.checks import words
from landiag.checks.case import Case
from landiag.checks.wsl.fixes import rights
from landiag.checks.wsl.sources import read_policy, read_state
from landiag.checks.wsl.windows_side import read_interfaces
from landiag.collect.windows_state import WindowsState
from landiag.firewall.windows.hyperv import lower_hyperv
from landiag.firewall.windows.hyperv_settings import WSL_CREATOR, HyperVRule
from landiag.firewall.windows.policy import Policy
from landiag.firewall.windows.settings import PROFILES
from landiag.journey.journey import Journey, follow_through
from landiag.journey.ways import Way
from landiag.model.facts import Unknown
from landiag.model.packet import Packet
from landiag.model.report import Evidence, Finding, Fix, Outcome
from landiag.model.ruleset import Ruleset, TraceLine, Verdict
from landiag.model.terms import Symptom

_SOURCE = "Get-NetFirewallHyperVRule"


def check_mirrored(case: Case) -> list[Finding]:
    """Check what the Hyper-V firewall does with clients of a distribution that shares Windows' network."""
    state = read_state(case.readings)
    if isinstance(state, Unknown):
        return [_unreadable(case, state.reason)]
    if case.way is None:
        return []
    windows = read_policy(case.readings)
    ruleset = lower_hyperv(state.hyperv, state.hyperv_rules, windows)
    journeys = _journeys(case, case.way, ruleset, state)
    verdicts = {journey.verdict for journey in journeys}
    if verdicts == {Verdict.ACCEPT} or not journeys:
        return []
    if verdicts == {Verdict.DROP}:
        return [_blocks(case, case.way, state, windows, journeys)]
    lines = [line for journey in journeys for line in journey.unknown if line.chain is not None]
    reason = "; ".join(dict.fromkeys(line.rule_text for line in lines)) or "its profile is not known"
    return [_unreadable(case, reason, "it depends on what can't be seen here")]


def _journeys(case: Case, way: Way, ruleset: Ruleset, state: WindowsState) -> list[Journey]:
    """Follow the ordinary clients in every profile that the interface of Windows may have."""
    facts = replace(case.facts, os="windows")
    return [
        follow_through(facts, ruleset, replace(packet, profile=profile))
        for packet in _packets(case, way)
        for profile in _profiles(case, way, state)
    ]


def _packets(case: Case, way: Way) -> list[Packet]:
    return [
        replace(one.journey.packet, program=None, services=None) for one in case.classes.get(way.id, ())[:1]
    ]


def _profiles(case: Case, way: Way, state: WindowsState) -> tuple[str, ...]:
    """The profile of the interface of Windows that has the address; every one that is in use where nobody knows."""
    for interface in read_interfaces(case.readings) or ():
        if interface.profile is not None and any(one.ip == way.ip for one in interface.addresses):
            return (interface.profile,)
    return tuple(sorted({one.category for one in state.profiles})) or PROFILES


def _unreadable(case: Case, reason: str, why: str = "it could not be read") -> Finding:
    return Finding(
        code="firewall-unreadable",
        outcome=Outcome.UNKNOWN,
        title=f"Whether the Hyper-V firewall of Windows opens port {case.port}: {why}",
        detail="WSL2 in mirrored mode lies behind that firewall, which blocks by default.",
        evidence=(Evidence("Get-NetFirewallHyperVVMSetting", reason),),
        fixes=(
            Fix(
                "Show it (PowerShell, on Windows)",
                (
                    f"Get-NetFirewallHyperVVMSetting -PolicyStore ActiveStore -Name '{WSL_CREATOR}'",
                    f"Get-NetFirewallHyperVRule -VMCreatorId '{WSL_CREATOR}'",
                ),
                needs="user-action",
            ),
        ),
    )


def _blocks(
    case: Case, way: Way, state: WindowsState, windows: Policy | Unknown, journeys: list[Journey]
) -> Finding:
    line = journeys[0].decided_by
    blocking = _blocking_rules(case, way, state, windows, line)
    what = f": rule '{blocking[0].name}'" if blocking else ""
    return Finding(
        code="firewall-drops",
        outcome=Outcome.BLOCKS,
        symptom=Symptom.TIMEOUT,
        title=f"The Hyper-V firewall of Windows blocks port {case.port} of WSL{what}",
        detail="In mirrored mode rules for programs do not count for WSL, and what no rule allows is blocked.",
        evidence=(
            Evidence(_SOURCE, f"input: {line.rule_text if line is not None else 'blocked by default'}"),
        ),
        fixes=_fixes(case, way, state, windows, blocking),
        paths=(way.id,),
    )


def _blocking_rules(
    case: Case, way: Way, state: WindowsState, windows: Policy | Unknown, line: TraceLine | None
) -> tuple[HyperVRule, ...]:
    """The rules of the Hyper-V firewall that block: the one that decided, and those that would decide after it."""
    found: list[HyperVRule] = []
    while line is not None:
        rule = next((one for one in state.hyperv_rules if line.rule_text == f"Hyper-V rule {one.name}"), None)
        if rule is None or rule in found:
            break
        found.append(rule)
        left = [one for one in state.hyperv_rules if one not in found]
        after = _journeys(case, way, lower_hyperv(state.hyperv, left, windows), state)
        line = after[0].decided_by if after and after[0].verdict is Verdict.DROP else None
    return tuple(found)


def _fixes(
    case: Case, way: Way, state: WindowsState, windows: Policy | Unknown, blocking: tuple[HyperVRule, ...]
) -> tuple[Fix, ...]:
    """Switch off what blocks, and let the clients' network in: only where that helps in the model."""
    name = f"landiag-tcp-{case.port}"
    opening = HyperVRule(name, "allow", "TCP", (str(case.port),), (str(way.network),), WSL_CREATOR)
    kept = [one for one in state.hyperv_rules if one not in blocking]
    after = _journeys(case, way, lower_hyperv(state.hyperv, [*kept, opening], windows), state)
    passes = {journey.verdict for journey in after}
    if Verdict.DROP in passes:
        step = (
            f"Ask who administers Windows to let TCP port {case.port} in: a rule of Group Policy blocks it."
        )
        return (Fix("Ask the administrator", needs="user-action", steps=(step,)),)
    add = (
        f"New-NetFirewallHyperVRule -Name '{name}' -DisplayName 'landiag: TCP {case.port}' -Direction Inbound "
        f"-VMCreatorId '{WSL_CREATOR}' -Protocol TCP -LocalPorts {case.port} "
        f"-RemoteAddresses {way.network} -Action Allow"
    )
    names = ["'" + one.name.replace("'", "''") + "'" for one in blocking]
    return (
        Fix(
            "Let clients of the local subnet in (PowerShell as administrator, on Windows)",
            (*(f"Disable-NetFirewallHyperVRule -Name {one}" for one in names), add),
            (f"Remove-NetFirewallHyperVRule -Name '{name}'",
             *(f"Enable-NetFirewallHyperVRule -Name {one}" for one in names)),
            needs=rights(case),
            steps=(words.ELEVATE,),
        ),
    )  # fmt: skip
