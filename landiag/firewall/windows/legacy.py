"""Group Policy in the form of before Windows Vista: ports, programs and the switch of the standard profile.

``StandardProfile`` below Policies\\Microsoft\\WindowsFirewall is that old form (MS-GPFAS names the new one
PrivateProfile and PublicProfile); later Windows takes it for private and public networks where no new policy says
otherwise. Nobody here has seen that happen, so that it leaves a verdict open and never decides it.
"""

from __future__ import annotations

from collections.abc import Iterator

from landiag.firewall.windows import conditions, programs
from landiag.firewall.windows.policy import FirewallRule, Policy, Store
from landiag.firewall.windows.registry_text import Entry
from landiag.firewall.windows.settings import ProfileSettings, Setting
from landiag.model.facts import Unknown
from landiag.model.match import Match, UnknownMatch

_PROFILES = {"standardprofile": ("private", "public"), "domainprofile": ("domain",)}
_WHY = "whether Windows still goes by a Group Policy of before Vista is not known"


def take(policy: Policy, entry: Entry) -> bool:
    """Add what a value of Group Policy says in the old form; False for every other value."""
    parts = entry.key.lower().rstrip("\\").split("\\")
    if parts[-1] == "standardprofile":
        return _take_setting(policy, entry)
    if parts[-1] != "list" or len(parts) < 3 or parts[-3] not in _PROFILES:
        return False
    if parts[-2] not in ("globallyopenports", "authorizedapplications"):
        return False
    rule = _rule(entry, parts[-2], frozenset(_PROFILES[parts[-3]]))
    if rule is not None:
        policy.rules.append(rule)
    return True


def _take_setting(policy: Policy, entry: Entry) -> bool:
    name = entry.name.lower()
    if name not in ("enablefirewall", "donotallowexceptions"):
        return False
    value = _switch(entry)
    said = ProfileSettings(enabled=value) if name == "enablefirewall" else ProfileSettings(blocks_all=value)
    for profile in _PROFILES["standardprofile"]:
        policy.legacy[profile] = policy.legacy.get(profile, ProfileSettings()).under(said)
    return True


def _switch(entry: Entry) -> Setting:
    text = entry.data.strip().lower()
    try:
        return (int(text.removeprefix("dword:"), 16) if text.startswith("dword:") else int(text, 0)) != 0
    except ValueError:
        return Unknown(f"{entry.name} is {entry.data[:40]!r}", entry.key)


def _rule(entry: Entry, kind: str, profiles: frozenset[str]) -> FirewallRule | None:
    """``5000:TCP:LocalSubnet:Enabled:My server``, ``C:\\path\\foo.exe:*:Enabled:Foo``; None for a disabled one."""
    head, scope, status, title = _fields(entry.data, 2 if kind == "globallyopenports" else 1)
    if status.lower() == "disabled":
        return None
    is_port = kind == "globallyopenports"
    return FirewallRule(
        identity=entry.name,
        title=title or entry.name,
        action="allow",
        inbound=True,
        enabled=True,
        profiles=profiles,
        text=f"{kind}: {entry.data}",
        conditions=lambda: tuple(_conditions(head, scope, is_port=is_port)),
        store=Store.GROUP_POLICY,
        program=None if is_port else head[0],
    )


def _fields(data: str, count: int) -> tuple[list[str], str, str, str]:
    """The fields in front, the scope, the status and the title; a program's path holds a colon of its own."""
    parts = data.split(":")
    if count == 1 and len(parts) > 1 and len(parts[0]) == 1:
        parts[:2] = [f"{parts[0]}:{parts[1]}"]
    parts += [""] * (count + 3 - len(parts))
    return parts[:count], parts[count], parts[count + 1], ":".join(parts[count + 2 :])


def _conditions(head: list[str], scope: str, *, is_port: bool) -> Iterator[Match]:
    yield UnknownMatch(_WHY)
    if is_port:
        ports = conditions.ports("th dport", [head[0]], f"port {head[0]}")
        if ports is not None:
            yield ports
        yield conditions.protocol({"tcp": 6, "udp": 17}.get(head[1].lower(), 6))
    else:
        program = programs.program(head[0])
        if program is not None:
            yield program
    addresses = conditions.addresses("source", scope.split(","), f"scope {scope}")
    if addresses is not None:
        yield addresses
