"""The Hyper-V firewall as PowerShell tells it: settings, profiles and rules, each for the maker of its machines.

Defaults are those of New-NetFirewallHyperVVMSetting and New-NetFirewallHyperVRule: on, inbound blocked, rules of
Windows merged; a rule of lower priority is asked first, 1 for one that blocks and 2 for one that allows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct

WSL_CREATOR = "{40E0AC32-46A5-438A-A0B2-2B479E8F2E90}"
"""The VMCreatorId of WSL."""


class HyperVSetting(Struct, frozen=True):
    """What is set for one creator: for a ``profile``, or for all of them (None).

    None in a field: it is not configured, so that the default holds.
    """

    creator: str
    profile: str | None = None
    enabled: bool | None = None
    blocks: bool | None = None
    merges: bool | None = None


class HyperVRule(Struct, frozen=True):
    """An enabled inbound rule; empty tuples mean any. ``creator`` is empty for every maker of machines.

    ``action`` is ``allow`` or ``block``, or what else stood there.
    """

    name: str
    action: str
    protocol: str
    ports: tuple[str, ...]
    remote: tuple[str, ...]
    creator: str = ""
    profiles: tuple[str, ...] = ()
    remote_ports: tuple[str, ...] = ()
    local: tuple[str, ...] = ()
    priority: int | None = None

    @property
    def order(self) -> tuple[int, bool]:
        """By which rules are asked: the priority, and a block before an allow."""
        default = 1 if self.action == "block" else 2
        return (default if self.priority is None else self.priority, self.action != "block")


_SWITCH = {"true": True, "1": True, "false": False, "0": False}
_ACTIONS = {"allow": "allow", "2": "allow", "block": "block", "4": "block"}
_ANY = ("", "any", "*", "{00000000-0000-0000-0000-000000000000}")


def parse_settings(rows: Iterable[Mapping[str, object]]) -> tuple[HyperVSetting, ...]:
    """The settings by creator, and those by creator and profile (rows that name one)."""
    return tuple(_setting(row) for row in rows)


def _setting(row: Mapping[str, object]) -> HyperVSetting:
    blocks = _ACTIONS.get(_word(row.get("inbound")))
    profile = _word(row.get("profile"))
    return HyperVSetting(
        creator=_creator(row.get("creator") or row.get("vmcreatorid") or row.get("name")),
        profile=profile or None,
        enabled=_SWITCH.get(_word(row.get("enabled"))),
        blocks=None if blocks is None else blocks == "block",
        merges=_SWITCH.get(_word(row.get("merge"))),
    )


def parse_rules(rows: Iterable[Mapping[str, object]]) -> tuple[HyperVRule, ...]:
    """The rules as the script prints them, whatever enumerations and lists became."""
    return tuple(_rule(row) for row in rows)


def _rule(row: Mapping[str, object]) -> HyperVRule:
    priority = _word(row.get("priority"))
    return HyperVRule(
        name=str(row.get("name")),
        action=_ACTIONS.get(_word(row.get("action")), _word(row.get("action"))),
        protocol=str(row.get("protocol") or ""),
        ports=_values(row.get("ports")),
        remote=_values(row.get("remote")),
        creator=_creator(row.get("creator") or row.get("vmcreatorid")),
        profiles=_profiles(row.get("profiles")),
        remote_ports=_values(row.get("remoteports")),
        local=_values(row.get("local")),
        priority=int(priority) if priority.isdecimal() else None,
    )


def _creator(value: object) -> str:
    """A VMCreatorId in capitals and braces; empty for any."""
    word = _word(value)
    return "" if word in _ANY else f"{{{word.strip('{}').upper()}}}"


_BITS = {1: "domain", 2: "private", 4: "public"}


def _profiles(value: object) -> tuple[str, ...]:
    """Profiles by their names, or by the number of a mask; empty for any."""
    words = tuple(word.lower() for word in _values(value))
    if len(words) == 1 and words[0].isdecimal() and int(words[0]) <= 7:
        return tuple(name for bit, name in _BITS.items() if int(words[0]) & bit)
    return words


def _word(value: object) -> str:
    return "" if value is None else str(value).strip().lower()


def _values(value: object) -> tuple[str, ...]:
    """The values of a list, or of one string with commas; none of them where any is allowed.

    PowerShell's ``@($null)`` is a list that holds null.
    """
    if isinstance(value, dict):
        value = value.get("value", value.get("Value"))
    found = value if isinstance(value, list) else [] if value is None else [value]
    words = [word.strip() for one in found if one is not None for word in str(one).split(",")]
    return (
        () if any(word.lower() in ("any", "*") for word in words) else tuple(word for word in words if word)
    )


def setting_of(settings: Iterable[HyperVSetting], profile: str) -> HyperVSetting:
    """What is in force for WSL in a profile: what its profile says, then its creator; what neither says stays None."""
    own = [one for one in settings if one.creator == WSL_CREATOR and one.profile in (profile, None)]
    own.sort(key=lambda one: one.profile is None)

    def first(values: Iterable[bool | None]) -> bool | None:
        return next((value for value in values if value is not None), None)

    return HyperVSetting(
        WSL_CREATOR,
        profile,
        first(one.enabled for one in own),
        first(one.blocks for one in own),
        first(one.merges for one in own),
    )
