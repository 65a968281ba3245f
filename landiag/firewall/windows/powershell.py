"""Rules and profiles as PowerShell's NetSecurity cmdlets give them: objects joined with their filters.

A rule without one of its filters (Port, Address, Application, Service, Interface, InterfaceType) is unknown
in that respect: Get-NetFirewallRule alone does not show them. Enumerations come as names or as integers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from landiag.firewall.windows import conditions, interfaces, programs
from landiag.firewall.windows.policy import FirewallRule, Policy, Store
from landiag.firewall.windows.rows import Row, parse_rows
from landiag.firewall.windows.settings import PROFILES, ProfileSettings, Setting
from landiag.model.facts import ParseError, Unknown
from landiag.model.match import Always, Match, UnknownMatch
from landiag.model.regex import regex

_ACTIONS = {
    "allow": "allow",
    "2": "allow",
    "block": "block",
    "4": "block",
    "allowbypass": "bypass",
    "3": "bypass",
}
_DIRECTIONS = {"inbound": True, "1": True, "in": True, "outbound": False, "2": False, "out": False}
_ENABLED = {"true": True, "1": True, "false": False, "2": False, "yes": True, "no": False}
_SWITCHES = {"true": True, "1": True, "false": False, "0": False}
_NOT_SAID = frozenset(("notconfigured", "", "2"))
_PROFILE_BITS = {1: "domain", 2: "private", 4: "public"}
_STORES = {"grouppolicy": Store.GROUP_POLICY, "mdm": Store.MDM, "2": Store.GROUP_POLICY}


def is_powershell(text: str) -> bool:
    """Whether a text shows objects of the NetSecurity cmdlets."""
    if text.lstrip()[:1] in ("[", "{"):
        return _JSON_SIGN.search(text) is not None
    return _SIGN.search(text) is not None


_JSON_SIGN = regex(
    r'"(?:Direction|EdgeTraversalPolicy|DefaultInboundAction|AllowInboundRules)"\s*:', re.IGNORECASE
)


_SIGN = regex(
    r"""^[ \t]*"?(?:EdgeTraversalPolicy|PolicyStoreSource|AllowInboundRules|Direction)"?[ \t]*:
    |^(?=[^\n]*(?:Direction|DisplayName))"?\w+"?[;,][^\n]*(?:Enabled|Action|Direction)
    |^[ \t]*Name[ \t]+(?:DisplayName|Enabled)\b
    |^[ \t]*DisplayName[ \t]+\w+""",
    re.MULTILINE | re.IGNORECASE | re.VERBOSE,
)


def parse_powershell(text: str) -> Policy:
    """Rules and profile settings in a PowerShell output. Raises ParseError when it shows neither."""
    policy = Policy()
    for row in parse_rows(text):
        if _is_profile(row):
            for profile in _profile_names(row):
                policy.set(Store.LOCAL, profile, parse_profile(row))
        elif _is_rule(row):
            policy.rules.append(parse_rule(row))
            policy.has_rules = True
    if not policy.has_rules and not policy.settings:
        raise ParseError("no firewall rule and no profile in it")
    return policy


def _is_profile(row: Row) -> bool:
    if "direction" in row:
        return False
    if "defaultinboundaction" in row or "allowinboundrules" in row:
        return True
    return set(row) <= {"name", "enabled", "profile"} and bool(list(_profile_names(row)))


def _is_rule(row: Row) -> bool:
    named = bool({"displayname", "instanceid", "name"} & set(row))
    return named and (
        {"direction", "enabled"} <= set(row)
        or {"direction", "action"} <= set(row)
        or {"name", "displayname"} == set(row)
    )


def _profile_names(row: Row) -> Iterable[str]:
    names = [*row.get("name", ()), *row.get("profile", ())]
    return dict.fromkeys(name.lower() for name in names if name.lower() in PROFILES)


def parse_profile(row: Row) -> ProfileSettings:
    """One object of Get-NetFirewallProfile. NotConfigured leaves the default."""
    excluded = [
        name for name in row.get("disabledinterfacealiases", ()) if name.lower() not in ("notconfigured", "")
    ]
    allow_rules = _switch(row, "allowinboundrules", _SWITCHES)
    return ProfileSettings(
        enabled=_switch(row, "enabled", _SWITCHES),
        blocks_by_default=_switch(row, "defaultinboundaction", _DEFAULTS, not_said=("notconfigured", "0")),
        blocks_all=(not allow_rules) if isinstance(allow_rules, bool) else allow_rules,
        merges_local=_switch(row, "allowlocalfirewallrules", _SWITCHES),
        notifies=_switch(row, "notifyonlisten", _SWITCHES),
        excluded=tuple(excluded),
    )


_DEFAULTS = {"block": True, "4": True, "allow": False, "2": False}


def _word(row: Row, name: str) -> str:
    values = row.get(name) or [""]
    return values[0].strip().lower()


def _switch(
    row: Row, name: str, known: Mapping[str, bool], not_said: Sequence[str] = tuple(_NOT_SAID)
) -> Setting:
    word = _word(row, name)
    if word in known:
        return known[word]
    return None if word in not_said or not word else Unknown(f"{name} is {word!r}", "Get-NetFirewallProfile")


def parse_rule(row: Row) -> FirewallRule:
    """One rule, with as many of its filters as the row shows."""
    identity = (row.get("name") or row.get("instanceid") or row.get("displayname") or ["?"])[0]
    title = (row.get("displayname") or row.get("elementname") or [identity])[0]
    action = _ACTIONS.get(_word(row, "action"))
    profiles = parse_profiles(row.get("profile"))
    return FirewallRule(
        identity=identity,
        title=title,
        action=action,
        inbound=_DIRECTIONS.get(_word(row, "direction")),
        enabled=_ENABLED.get(_word(row, "enabled")),
        profiles=profiles,
        text=_describe(title, row),
        conditions=lambda: lower_row(row),
        store=_STORES.get(_word(row, "policystoresourcetype"), Store.LOCAL),
        program=next(iter(row.get("program") or ()), None)
        if _word(row, "program") not in conditions.ANY_WORDS
        else None,
        is_named=bool(row.get("name") or row.get("instanceid")),
    )


_SHOWN = ("action", "direction", "enabled", "profile", "protocol", "localport", "remoteaddress", "program")


def _describe(title: str, row: Row) -> str:
    shown = [f"{name}={','.join(row[name])}" for name in _SHOWN if row.get(name)]
    return f"{title}: {' '.join(shown)}"


def parse_profiles(values: Sequence[str] | None) -> frozenset[str] | None:
    """The profiles of a rule; None for all of them, and where nobody says (then a match is unknown)."""
    words = [word.strip().lower() for value in values or () for word in value.split(",") if word.strip()]
    if len(words) == 1 and words[0].isdecimal():
        bits = int(words[0])
        names = frozenset(name for bit, name in _PROFILE_BITS.items() if bits & bit)
        return names or None
    names = frozenset(words)
    return names if names and names <= set(PROFILES) else None


def lower_row(row: Row) -> tuple[Match, ...]:
    """The conditions of a rule; a filter that the row lacks is an unknown match."""
    matches: list[Match | None] = []
    for name, lower in _FILTERS:
        values = row.get(name)
        if values is None and name == "program" and "appid" in row:
            values = row["appid"]
        if values is None:
            matches.append(UnknownMatch(f"{name} is not shown"))
            continue
        matches.append(_lowered(name, lower, values))
    matches += _profile_doubt(row)
    matches += _extras(row)
    return tuple(match for match in matches if match is not None)


def _lowered(
    name: str, lower: Callable[[list[str], str], Match | None], values: Sequence[str]
) -> Match | None:
    parts = [
        part.strip() for value in values for part in ([value] if name == "program" else value.split(","))
    ]
    text = f"{name} {','.join(parts)}"
    try:
        return lower(parts or ["Any"], text)
    except ParseError:
        return UnknownMatch(text)


def _profile_doubt(row: Row) -> list[Match | None]:
    values = row.get("profile")
    if values is None:
        return [UnknownMatch("profile is not shown")]
    text = ",".join(values)
    known = parse_profiles(values) is not None or text.strip().lower() in ("any", "all", "0", "")
    return [None if known else UnknownMatch(f"profile {text}")]


def _protocol(parts: list[str], text: str) -> Match | None:  # noqa: ARG001
    number = conditions.parse_protocol(parts[0])
    return None if number is None else conditions.protocol(number)


def _service(parts: list[str], text: str) -> Match | None:
    if parts[0].lower() == "any":
        return None
    return programs.Service(parts[0], f"{text}: which service the program runs is not known")


def _package(parts: list[str], text: str) -> Match | None:
    return None if parts[0].lower() in ("any", "") else programs.Package(parts[0], text)


def _interface_type(parts: list[str], text: str) -> Match | None:
    return interfaces.interface_types(parts, text)


_FILTERS: tuple[tuple[str, Callable[[list[str], str], Match | None]], ...] = (
    ("protocol", _protocol),
    ("localport", lambda parts, text: conditions.ports("th dport", parts, text)),
    ("remoteport", lambda parts, text: conditions.ports("th sport", parts, text)),
    ("program", lambda parts, text: programs.program(parts[0])),  # noqa: ARG005
    ("localaddress", lambda parts, text: conditions.addresses("destination", parts, text)),
    ("remoteaddress", lambda parts, text: conditions.addresses("source", parts, text)),
    ("service", _service),
    ("interfacealias", interfaces.interfaces),
    ("interfacetype", _interface_type),
)


def _extras(row: Row) -> list[Match | None]:
    """Properties that most outputs lack; where they are shown and not "any", they count."""
    matches = [
        _package(row[name], f"{name} {row[name][0]}")
        for name in ("package", "packagefamilyname")
        if row.get(name)
    ]
    for name in _UNMODELLED:
        word = _word(row, name)
        if word not in ("", "any", "0", "{}"):
            matches.append(UnknownMatch(f"{name} {word}"))
    for name in ("authentication", "encryption", "remoteuser", "remotemachine"):
        word = _word(row, name)
        if word not in ("", "any", "0", "notrequired"):
            text = f"{name} {word}: only for packets that IPsec authenticates"
            blocks = _ACTIONS.get(_word(row, "action")) == "block"
            matches.append(UnknownMatch(text) if blocks else Always(answer=False, text=text))
    matches += _icmp(row)
    return matches


_UNMODELLED = ("localuser", "dynamictarget", "dynamictransport") + (
    "policyappid",
    "remotedynamickeywordaddresses",
)


def _icmp(row: Row) -> list[Match | None]:
    word = _word(row, "icmptype")
    protocol = _word(row, "protocol")
    if word in ("", "any") or protocol not in ("icmpv4", "icmpv6", "1", "58"):
        return []
    return [conditions.icmp(6 if protocol in ("icmpv6", "58") else 4, row["icmptype"], f"icmp {word}")]
