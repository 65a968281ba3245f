"""The Hyper-V firewall for WSL, and the rules of Windows that count there too, lowered to one chain for each profile.

Only rules of Windows that ask for addresses, ports and protocols count; one for a program, a service or a package
does not. Group Policy goes before the Hyper-V firewall's own rules, what this computer says after them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from msgspec.structs import replace

from landiag.firewall.windows import conditions, interfaces, programs
from landiag.firewall.windows.hyperv_settings import WSL_CREATOR, HyperVRule, HyperVSetting, setting_of
from landiag.firewall.windows.policy import BACKEND, ENTRY, FirewallRule, Policy, ProfileRule, Store
from landiag.firewall.windows.settings import PROFILES
from landiag.model.action import Jump, Opaque, Stop, Verdict
from landiag.model.facts import ParseError, Unknown
from landiag.model.match import AnyOf, InRanges, Match, UnknownMatch
from landiag.model.packet import CT_STATES
from landiag.model.ruleset import Chain, Hook, Rule, Ruleset, Step

TABLE = "Hyper-V firewall"


def lower_hyperv(
    settings: Sequence[HyperVSetting], rules: Iterable[HyperVRule], windows: Policy | Unknown
) -> Ruleset:
    """The chains that a client of WSL in mirrored mode meets. ``windows`` are the rules of Windows, where known."""
    own = sorted((rule for rule in rules if rule.creator in ("", WSL_CREATOR)), key=lambda rule: rule.order)
    chains = {ENTRY: Chain(BACKEND, "inet", TABLE, ENTRY, _entry(), Hook("input"), Verdict.DROP)}
    for profile in PROFILES:
        lines = tuple(_lines(setting_of(settings, profile), own, windows, profile))
        chains[profile] = Chain(BACKEND, "inet", TABLE, profile, lines)
    tracked: dict[tuple[str, str], object] = {("tracked", "ip"): True, ("tracked", "ip6"): True}
    return Ruleset({(BACKEND, "inet", TABLE): chains}, notes=tracked)


def _entry() -> tuple[Rule, ...]:
    states = InRanges("ct state", ((CT_STATES["established"],) * 2, (CT_STATES["related"],) * 2))
    jumps = [
        Rule(at, f"{name} profile", (conditions.profiles(frozenset((name,))), Jump(name, goto=True)))
        for at, name in enumerate(PROFILES, 2)
    ]
    return (Rule(1, "packets of an established connection pass", (states, Stop(Verdict.ACCEPT))), *jumps)


def _lines(
    setting: HyperVSetting, own: Iterable[HyperVRule], windows: Policy | Unknown, profile: str
) -> Iterator[Rule]:
    if setting.enabled is False:
        yield Rule(
            1, f"the Hyper-V firewall is off for WSL in the {profile} profile", (Stop(Verdict.ACCEPT),)
        )
        return
    merges = setting.merges is not False
    known = windows if merges and not isinstance(windows, Unknown) else Policy()
    lines: list[Rule | tuple[str, tuple[Step, ...]] | FirewallRule] = [
        *(_gaps(windows) if merges else ()),
        *_of_windows(known, profile, (Store.GROUP_POLICY,)),
        *((f"Hyper-V rule {rule.name}", _steps(rule)) for rule in own),
        *_of_windows(known, profile, (Store.MDM, Store.LOCAL)),
        *(_switched_off(known, profile) if merges else ()),
        (
            "default of the Hyper-V firewall",
            (Stop(Verdict.ACCEPT if setting.blocks is False else Verdict.DROP),),
        ),
    ]
    for position, line in enumerate(lines, 1):
        if isinstance(line, FirewallRule):
            yield ProfileRule(position, line)
        elif isinstance(line, tuple):
            yield Rule(position, line[0], line[1])


def _gaps(windows: Policy | Unknown) -> Iterator[tuple[str, tuple[Step, ...]]]:
    """What nobody could read of Windows' own rules may let clients in or stop them, Group Policy before all others."""
    gaps = [windows] if isinstance(windows, Unknown) else windows.gaps
    for gap in gaps:
        yield f"rules of Windows count for WSL: {gap.reason}", (Opaque(gap.reason),)


def _switched_off(windows: Policy, profile: str) -> Iterator[tuple[str, tuple[Step, ...]]]:
    """Where Windows' own firewall is off or lets all in by default, nobody says whether that counts for WSL."""
    settings = windows.effective(profile)
    if settings.enabled is False or settings.blocks_by_default is False:
        text = f"the firewall of Windows is off or open in the {profile} profile: whether that counts here"
        yield text, (UnknownMatch(text), Stop(Verdict.ACCEPT))


def _of_windows(windows: Policy, profile: str, stores: Sequence[Store]) -> Iterator[FirewallRule]:
    settings = windows.effective(profile)
    found = [
        rule
        for rule in windows.rules
        if rule.store in stores
        and rule.inbound is not False
        and rule.enabled is not False
        and (rule.profiles is None or profile in rule.profiles)
        and (rule.store is not Store.LOCAL or settings.merges_local is not False)
        and is_plain(rule)
    ]
    return map(_without_interfaces, sorted(found, key=lambda rule: rule.action != "block"))


def _without_interfaces(rule: FirewallRule) -> FirewallRule:
    """The rule, in which conditions on Windows' interfaces are left open: nobody says whether such rules count here."""
    return replace(rule, conditions=lambda: tuple(map(_open, rule.conditions())), _matches=None)


def _open(match: Match) -> Match:
    if isinstance(match, interfaces.InterfaceAlias | interfaces.InterfaceGuid | interfaces.InterfaceType):
        return UnknownMatch(f"whether a rule for some interfaces counts for WSL: {match.text}")
    return AnyOf(tuple(map(_open, match.matches)), match.text) if isinstance(match, AnyOf) else match


def is_plain(rule: FirewallRule) -> bool:
    """Whether a rule asks for addresses, ports and protocols alone: only such rules of Windows count for WSL."""
    others = (programs.Program, programs.Service, programs.Package)
    return rule.program is None and not any(isinstance(match, others) for match in rule.matches)


def _steps(rule: HyperVRule) -> tuple[Step, ...]:
    matches: list[Match | None] = [
        _protocol(rule.protocol),
        conditions.ports("th dport", rule.ports, f"ports {','.join(rule.ports)}") if rule.ports else None,
        _remote_ports(rule.remote_ports),
        _addresses("source", rule.remote),
        _addresses("destination", rule.local),
        _profiles(rule.profiles),
    ]
    known = tuple(match for match in matches if match is not None)
    if rule.action not in ("allow", "block"):
        return (*known, Opaque(f"{rule.name}: its action {rule.action!r} is not known"))
    return (*known, Stop(Verdict.ACCEPT if rule.action == "allow" else Verdict.DROP))


def _protocol(text: str) -> Match | None:
    try:
        number = conditions.parse_protocol(text)
    except ParseError:
        return UnknownMatch(f"protocol {text}")
    return None if number is None else conditions.protocol(number)


_EPHEMERAL = range(32768, 61000)
"""The ports from which clients come: those of Linux, which other systems' ranges lie around."""


def _remote_ports(values: Sequence[str]) -> Match | None:
    """A rule for some of the ports that clients come from is one for chance; any other is plain."""
    if not values:
        return None
    text = f"remote ports {','.join(values)}"
    match = conditions.ports("th sport", values, text)
    ranges = match.ranges if isinstance(match, InRanges) else ()
    inside = sum(min(high, _EPHEMERAL[-1]) - max(low, _EPHEMERAL[0]) + 1 for low, high in ranges
                 if low <= _EPHEMERAL[-1] and high >= _EPHEMERAL[0])  # fmt: skip
    return match if inside in (0, len(_EPHEMERAL)) else UnknownMatch(text)


def _addresses(side: str, values: Sequence[str]) -> Match | None:
    return conditions.addresses(side, values, f"{side} {','.join(values)}") if values else None


def _profiles(names: Sequence[str]) -> Match | None:
    known = frozenset(names) & frozenset(PROFILES)
    if not names or known == frozenset(PROFILES):
        return None
    return (
        conditions.profiles(known)
        if known == frozenset(names)
        else UnknownMatch(f"profiles {','.join(names)}")
    )
