"""FirewallRules strings and profile settings of the registry: English everywhere, and fast.

Read from `.reg` files, `reg query`, tab-separated dumps, and the JSON of landiag's own reading. The grammar
of the strings is MS-GPFAS 2.2.2.19; keys that are not known make a rule unknown.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache

from landiag.firewall.windows import conditions, interfaces, legacy, programs
from landiag.firewall.windows.policy import FirewallRule, Policy, Store
from landiag.firewall.windows.registry_text import RULE_STRING, Entry
from landiag.firewall.windows.settings import ProfileSettings, Setting
from landiag.firewall.windows.torn import is_torn
from landiag.model.facts import ParseError, Unknown
from landiag.model.match import Always, Match, UnknownMatch
from landiag.model.regex import regex

_PROFILE_KEYS = {
    "domainprofile": "domain", "standardprofile": "private", "privateprofile": "private",
    "publicprofile": "public",
}  # fmt: skip
_SILENT = frozenset(
    (
        "name",
        "desc",
        "embedctxt",
        "edge",
        "defer",
        "lsm",
        "lom",
        "skipver",
        "nnm",
        "pcross",
        "action",
    )
    + ("dir", "active", "profile", "ra4", "ra6", "ra42", "ra62", "la4", "la6", "la42", "la62", "platform2")
    + ("lport2_10", "lport2_20", "lport2_24", "rport2_10", "authbypassout")
)
"""Keys that put no condition on a packet from the LAN, or are read together with another."""

_AUTHENTICATION = frozenset(
    ("security", "security2", "security2_9", "rmauth", "ruauth", "auth1set", "auth2set")
)
_LOCAL_PORTS = ("lport", "lport2_10", "lport2_20", "lport2_24")
_REMOTE_PORTS = ("rport", "rport2_10")
_REMOTE = ("ra4", "ra6", "ra42", "ra62")
_LOCAL = ("la4", "la6", "la42", "la62")


def parse_rule_string(identity: str, string: str, store: Store = Store.LOCAL) -> FirewallRule:
    """One FirewallRules string; its conditions are read when a packet meets it. Raises ParseError."""
    text = string.strip()
    if RULE_STRING.match(text) is None:
        raise ParseError(f"{identity}: {text[:60]!r} is no rule")
    heads: dict[str, str] = {}
    profiles, ports = set(), set()
    for word, value in _HEAD.findall(text):
        key = word.lower()
        if key == "profile":
            profiles.add(value.lower())
        elif key == "lport":
            ports.add(value)
        elif key not in heads:
            heads[key] = value
    action, program = heads.get("action", "").lower(), heads.get("app", "")
    enabled = True if store is Store.RESTRICTED and "active" not in heads else None
    return FirewallRule(
        identity=identity,
        title=heads.get("name") or identity,
        action=action if action in ("allow", "block", "bypass") else None,
        inbound=_DIRECTIONS.get(heads.get("dir", "").lower()),
        enabled=_SWITCH.get(heads.get("active", "").lower(), enabled),
        profiles=frozenset(profiles) if profiles and profiles <= _PROFILES else None,
        text=f"{identity} = {text}",
        conditions=lambda: lower_values(parse_values(text)),
        store=store,
        program=None if program.lower() in conditions.ANY_WORDS or _CUT_OFF.search(text) else program,
        ports=_single_ports(ports, text),
    )


_HEAD = regex(r"\|(action|active|dir|profile|app|name|lport)=([^|]*)", re.IGNORECASE)
_DIRECTIONS = {"in": True, "out": False}
_SWITCH = {"true": True, "false": False}
_PROFILES = frozenset(("domain", "private", "public"))


_CUT_OFF = regex(r"\|(?!\s*\d*\s*$)[^|]*$")
"""Every field of a whole string is closed by a bar."""


def _single_ports(ports: set[str], text: str) -> frozenset[str] | None:
    """The local ports of a rule that names nothing but single numbers; None otherwise."""
    if (
        not ports
        or _CUT_OFF.search(text)
        or "port2_" in text.lower()
        or not all(port.isdigit() for port in ports)
    ):
        return None
    return frozenset(ports)


def parse_values(text: str) -> dict[str, list[str]]:
    """The fields of a string by key in lower case. What is no field, and a cut-off end, stand under ""."""
    pieces = text.split("|")
    values: dict[str, list[str]] = {}
    for piece in pieces[1:-1]:
        key, sign, value = piece.partition("=")
        if sign:
            values.setdefault(key.lower(), []).append(value)
        elif piece:
            values.setdefault("", []).append(piece)
    if _CUT_OFF.search(text):
        values.setdefault("", []).append(f"cut off in {pieces[-1][:40]}")
    return values


def _first(values: Mapping[str, Sequence[str]], key: str) -> str:
    return values[key][0] if values.get(key) else ""


def lower_values(values: Mapping[str, Sequence[str]]) -> tuple[Match, ...]:
    """The conditions of one rule, what is not known as an unknown match with its text."""
    matches: list[Match | None] = []
    for key, found in values.items():
        lower = _LOWER.get(key)
        if lower is not None:
            matches.append(_guarded(lower, found, key, values))
        elif key not in _SILENT:
            matches.append(_other(key, found, values))
    for names, build in _GROUPS:
        group = [_of_family(name, value) for name in names for value in values.get(name, ())]
        text = f"{names[0]}={','.join(group)}"
        if group:
            matches.append(build(group, text) if all(group) else UnknownMatch(text))
    profiles = {word.lower() for word in values.get("profile", ())}
    if not profiles <= _PROFILES:
        matches.append(UnknownMatch(f"Profile={','.join(values['profile'])}"))
    return tuple(match for match in matches if match is not None)


def _of_family(name: str, value: str) -> str:
    """``RA6=LocalSubnet`` is of IPv6 alone, as ``LocalSubnet6`` is where one list holds both families."""
    return f"{value}{name[2]}" if value.lower() == "localsubnet" else value


def _guarded(
    lower: Callable[[Sequence[str]], Match | None],
    found: Sequence[str],
    key: str,
    values: Mapping[str, Sequence[str]],
) -> Match | None:
    try:
        if key == "platform":
            return _platform(found, values.get("platform2", ()))
        return lower(found)
    except (ParseError, ValueError):
        return UnknownMatch(f"{key}={','.join(found)}")


def _other(key: str, found: Sequence[str], values: Mapping[str, Sequence[str]]) -> Match:
    text = f"{key or 'junk'}={','.join(found)}"
    if key in _AUTHENTICATION and _first(values, "action").lower() != "block":
        if all(value.lower() in ("notrequired", "") for value in found):
            return Always(text=text)
        return Always(answer=False, text=f"{text}: only for packets that IPsec authenticates")
    return UnknownMatch(text)


def _protocol(found: Sequence[str]) -> Match | None:
    if not found[0].strip():
        raise ParseError("a protocol without a word")
    number = conditions.parse_protocol(found[0])
    return None if number is None else conditions.protocol(number)


def _service(found: Sequence[str]) -> Match | None:
    return programs.Service(found[0].strip(), f"Svc={found[0]}: which service the program runs is not known")


def _platform(found: Sequence[str], operators: Sequence[str]) -> Match | None:
    """``2:6:2`` with GTEQ is Windows 8 and later, which all that landiag meets are; others are unknown."""
    numbers = [int(number) for number in found[0].split(":")[:3]]
    if (
        [operator.upper() for operator in operators] == ["GTEQ"]
        and numbers[0] == 2
        and numbers[1:3] <= [10, 0]
    ):
        return None
    return UnknownMatch(f"Platform={','.join(found)}")


_LOWER: Mapping[str, Callable[[Sequence[str]], Match | None]] = {
    "protocol": _protocol,
    "app": lambda found: programs.program(found[0]),
    "svc": _service,
    "apppkgid": lambda found: programs.Package(found[0].strip(), f"AppPkgId={found[0]}"),
    "pfn": lambda found: programs.Package(found[0].strip(), f"PFN={found[0]}"),
    "if": lambda found: interfaces.interfaces(found, f"IF={','.join(found)}"),
    "iftype": lambda found: interfaces.interface_types(found, f"IFType={','.join(found)}"),
    "icmp4": lambda found: conditions.icmp(4, found, f"ICMP4={','.join(found)}"),
    "icmp6": lambda found: conditions.icmp(6, found, f"ICMP6={','.join(found)}"),
    "platform": lambda _: None,
    "lport": lambda _: None,
    "rport": lambda _: None,
}

_GROUPS: tuple[tuple[Sequence[str], Callable[[Sequence[str], str], Match | None]], ...] = (
    (_LOCAL_PORTS, lambda values, text: conditions.ports("th dport", values, text)),
    (_REMOTE_PORTS, lambda values, text: conditions.ports("th sport", values, text)),
    (_REMOTE, lambda values, text: conditions.addresses("source", values, text)),
    (_LOCAL, lambda values, text: conditions.addresses("destination", values, text)),
)


@lru_cache(maxsize=256)
def store_of(key: str) -> Store | None:
    """Which store a registry key belongs to; None for keys that are not in force or not the firewall's."""
    path = key.lower().rstrip("\\")
    if "sharedaccess\\defaults" in path or path.endswith("consecrules"):
        return None
    if "restrictedservices" in path:
        return Store.RESTRICTED
    if "\\mdm\\" in path + "\\":
        return Store.MDM
    if "policies\\microsoft\\windowsfirewall" in path:
        return Store.GROUP_POLICY
    return Store.LOCAL


def build_policy(entries: Iterable[Entry]) -> Policy:
    """The policy that registry values make."""
    policy = Policy()
    for entry in entries:
        store = store_of(entry.key)
        if store is None:
            continue
        if RULE_STRING.match(entry.data.strip()):
            policy.rules.append(parse_rule_string(entry.name, entry.data, store))
            if is_torn(entry.data):
                gap = f"a rule that does not end, or was made of two: {entry.data[:60]!r}"
                policy.gaps.append(Unknown(gap, entry.name))
            policy.has_rules = policy.has_rules or store is not Store.RESTRICTED
            continue
        leaf = entry.key.lower().rstrip("\\").rpartition("\\")[2]
        if store is Store.GROUP_POLICY and legacy.take(policy, entry):
            continue
        if leaf == "firewallrules" and entry.data.strip():
            policy.gaps.append(Unknown(f"{entry.data[:60]!r} is no rule", entry.name))
        elif leaf in _PROFILE_KEYS:
            settings = _setting(entry)
            if settings is not None:
                policy.set(store, _PROFILE_KEYS[leaf], settings)
    return policy


def _setting(entry: Entry) -> ProfileSettings | None:
    name = entry.name.lower()
    if name == "disabledinterfaces":
        return ProfileSettings(excluded=tuple(part for part in entry.data.split(",") if part.strip()))
    if name not in _SETTINGS:
        return None
    value: Setting
    try:
        value = _number(entry.data) != 0
    except ValueError:
        value = Unknown(f"{entry.name} is {entry.data[:40]!r}", entry.key)
    return _SETTINGS[name](value)


_SETTINGS: Mapping[str, Callable[[Setting], ProfileSettings]] = {
    "enablefirewall": lambda value: ProfileSettings(enabled=value),
    "defaultinboundaction": lambda value: ProfileSettings(blocks_by_default=value),
    "defaultoutboundaction": lambda value: ProfileSettings(blocks_outbound=value),
    "donotallowexceptions": lambda value: ProfileSettings(blocks_all=value),
    "allowlocalpolicymerge": lambda value: ProfileSettings(merges_local=value),
    "disablenotifications": lambda value: ProfileSettings(
        notifies=not value if isinstance(value, bool) else value
    ),
}


def _number(data: str) -> int:
    text = data.strip().lower()
    return int(text.removeprefix("dword:"), 16) if text.startswith("dword:") else int(text, 0)
