"""How PowerShell lists the firewall's rules: each object once, joined with its filters by InstanceID.

Asking for the filters of one rule after the other takes minutes. ActiveStore is what is in force, Group Policy
and device management included; the default store of these cmdlets is not.
"""

from __future__ import annotations

from landiag.firewall.windows.policy import Policy
from landiag.firewall.windows.powershell import parse_powershell
from landiag.firewall.windows.rows import Row, parse_rows
from landiag.firewall.windows.settings import PROFILES
from landiag.model.facts import ParseError

_FILTERS = {
    "Port": ("Protocol", "LocalPort", "RemotePort", "IcmpType"),
    "Application": ("Program", "Package"),
    "Address": ("LocalAddress", "RemoteAddress"),
    "Service": ("Service",),
    "Interface": ("InterfaceAlias",),
    "InterfaceType": ("InterfaceType",),
    "Security": ("Authentication", "Encryption", "LocalUser", "RemoteUser", "RemoteMachine"),
}
_OWN = ("Name", "DisplayName", "Enabled", "Direction", "Action", "Profile", "PolicyStoreSourceType")
_PROFILE = (
    "Name",
    "Enabled",
    "DefaultInboundAction",
    "AllowInboundRules",
    "AllowLocalFirewallRules",
    "NotifyOnListen",
    "DisabledInterfaceAliases",
)


def _fields(names: tuple[str, ...]) -> str:
    """Every property as a list of words: enumerations would become numbers."""
    return ";".join(f'{name}=@($_.{name}|%{{"$_"}})' for name in names)


def _script() -> str:
    """A rule without one of its filters lacks the filter's fields: nobody then knows them."""
    filters = "".join(
        f"$f{kind}=@{{}};Get-NetFirewall{kind}Filter -PolicyStore $s|"
        f"%{{$f{kind}[$_.InstanceID]=@{{{_fields(names)}}}}};"
        for kind, names in _FILTERS.items()
    )
    joined = "".join(f"if($f{kind}[$i]){{$h+=$f{kind}[$i]}};" for kind in _FILTERS)
    wanted = "\"$($_.Direction)\" -eq 'Inbound' -and \"$($_.Enabled)\" -eq 'True'"
    return (
        "$ErrorActionPreference='Stop';[Console]::OutputEncoding=[Text.Encoding]::UTF8;$s='ActiveStore';"
        f"{filters}"
        f"$r=@(Get-NetFirewallRule -PolicyStore $s|?{{{wanted}}}|"
        f"%{{$i=$_.InstanceID;$h=@{{{_fields(_OWN)}}};{joined}$h}});"
        f"$r+=@(Get-NetFirewallProfile -PolicyStore $s|%{{@{{{_fields(_PROFILE)}}}}});"
        "ConvertTo-Json -InputObject $r -Compress -Depth 3"
    )


RULES_SCRIPT = _script()
"""Prints one flat object a rule that is enabled and inbound, then the profiles; nothing where any of it fails."""


def parse_rules(text: str) -> Policy:
    """The rules and profiles that the script printed, whole objects of its own. Raises ParseError."""
    rows = parse_rows(text)
    profiles = [row for row in rows if "direction" not in row]
    for row in rows:
        if not (_is_profile(row) if row in profiles else _is_rule(row)):
            raise ParseError(f"not an object of the script: {sorted(row)}"[:120])
    named = sorted(name.lower() for row in profiles for name in row["name"])
    if named != sorted(PROFILES):
        raise ParseError(f"the profiles are {', '.join(named) or 'missing'}")
    return parse_powershell(text)


def _is_profile(row: Row) -> bool:
    return set(row) == set(_lowered(_PROFILE))


def _is_rule(row: Row) -> bool:
    """Whether it has the rule's own properties, and of each filter all or none."""
    own, keys = set(_lowered(_OWN)), set(row)
    filters = [set(_lowered(names)) for names in _FILTERS.values()]
    shown = [names for names in filters if names & keys]
    return keys == own.union(*shown)


def _lowered(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name.lower() for name in names)
