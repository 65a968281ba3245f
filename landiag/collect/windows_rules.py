"""How PowerShell lists the firewall's rules: each object once, joined with its filters by InstanceID.

Asking for the filters of one rule after the other takes minutes. ActiveStore is what is in force, Group Policy
and device management included; the default store of these cmdlets is not.
"""

from __future__ import annotations

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
