"""How a change stands now: where the thing that it adds is, or the value that it sets. Reads only."""

from __future__ import annotations

import sys

assert sys.platform == "linux"

import json
import shlex
from typing import Any

from msgspec import Struct
from typing_extensions import assert_never

from landiag.apply import CannotApply
from landiag.model.changes import (
    Change,
    IptablesRule,
    LinkSetting,
    MainTableRule,
    NftRule,
    RefusingRoute,
    Sysctl,
    UfwRule,
    UnicastRoute,
)
from landiag.model.changes_firewalld import FirewalldDirectRule, FirewalldRule
from landiag.model.settings import setting_path
from landiag.prove.tools import ToolError, run_tool


class Seen(Struct, frozen=True):
    """``places`` are handles or positions of what equals the change's own; ``value`` is what a setting is."""

    places: tuple[int, ...] = ()
    value: str | None = None


def look(change: Change) -> Seen:
    """Look how a change stands. Raises CannotApply where that cannot be seen."""
    try:
        return _look(change)
    except (ToolError, OSError, ValueError, KeyError, IndexError, TypeError) as error:
        raise CannotApply(f"how it stands now could not be read: {error}") from error


def _look(change: Change) -> Seen:
    match change:
        case UfwRule():
            return _numbered(
                run_tool(("ufw", "show", "added"), seconds=20), shlex.join(("ufw", *change.words))
            )
        case FirewalldRule():
            return _numbered(run_tool(change.ask("--list-rich-rules"), seconds=20), change.rule)
        case FirewalldDirectRule():
            return _numbered(run_tool(change.ask("--get-all-rules"), seconds=20), shlex.join(change.words))
        case NftRule():
            return Seen(_nft_handles(change))
        case IptablesRule():
            return Seen(_iptables_positions(change))
        case Sysctl():
            with open(setting_path(change.name), encoding="ascii") as file:
                return Seen(value=file.read().strip())
        case RefusingRoute() | UnicastRoute():
            return Seen(_routes(change))
        case MainTableRule():
            return Seen(_policy_rules(change))
        case LinkSetting():
            return Seen(value=_link_value(change))
        case _:
            assert_never(change)


def _numbered(text: str, line: str) -> Seen:
    """The places, from 1, of the lines that are this one."""
    return Seen(tuple(number for number, one in enumerate(text.splitlines(), 1) if one.strip() == line))


def _nft_handles(rule: NftRule) -> tuple[int, ...]:
    chains = [one["chain"] for one in _nft("chains", rule.family) if "chain" in one]
    if not any((one["table"], one["name"]) == (rule.table, rule.chain) for one in chains):
        return ()
    listing = _nft("chain", *rule.place)
    rules = [one["rule"] for one in listing if "rule" in one]
    return tuple(int(one["handle"]) for one in rules if one.get("comment") == rule.comment)


def _nft(*what: str) -> list[dict[str, Any]]:
    listing: list[dict[str, Any]] = json.loads(run_tool(("nft", "-j", "-a", "list", *what)))["nftables"]
    return listing


def _iptables_positions(rule: IptablesRule) -> tuple[int, ...]:
    listing = run_tool(rule.ask("-S"))
    here = ["-A", rule.chain]
    rules = [words for line in listing.splitlines() if (words := shlex.split(line))[:2] == here]
    return tuple(number for number, words in enumerate(rules, 1) if words[2:] == list(rule.match))


def _routes(route: RefusingRoute | UnicastRoute) -> tuple[int, ...]:
    family = "-6" if ":" in route.destination else "-4"
    kind = route.kind if isinstance(route, RefusingRoute) else "unicast"
    shown = run_tool(("ip", "-j", family, "route", "show", "table", "all", "type", kind))
    found: list[dict[str, Any]] = json.loads(shown or "[]")
    return tuple(number for number, one in enumerate(found, 1) if _is_route(one, route))


def _is_route(shown: dict[str, Any], route: RefusingRoute | UnicastRoute) -> bool:
    """Whether a route is this one. What the change does not name may be anything, but for the metric."""
    if (_prefix(shown["dst"], route.destination), shown.get("table", "main")) != (
        route.destination,
        route.table,
    ):
        return False
    if isinstance(route, RefusingRoute):
        return True
    named = {"gateway": route.gateway, "dev": route.device, "metric": route.metric or None}
    return all(shown.get(name) == value for name, value in named.items() if value or name != "dev")


def _policy_rules(rule: MainTableRule) -> tuple[int, ...]:
    found: list[dict[str, Any]] = json.loads(run_tool(("ip", "-j", rule.family, "rule", "show")) or "[]")
    wanted = (rule.priority, rule.destination, "main", "all")
    return tuple(number for number, one in enumerate(found, 1) if _told(one) == wanted)


def _told(shown: dict[str, Any]) -> tuple[object, ...]:
    """A rule's priority, destination in CIDR notation, table and source."""
    to = shown.get("dst", "") + (f"/{shown['dstlen']}" if "dstlen" in shown else "")
    return (shown["priority"], to and _prefix(to, to), shown.get("table"), shown["src"])


def _prefix(shown: str, like: str) -> str:
    """A destination in CIDR notation, as in ``like``: ``ip`` leaves the length of a host's out."""
    if shown == "default":
        return "::/0" if ":" in like else "0.0.0.0/0"
    return shown if "/" in shown else f"{shown}/{128 if ':' in shown else 32}"


def _link_value(setting: LinkSetting) -> str:
    (link,) = json.loads(run_tool(("ip", "-j", "link", "show", "dev", setting.interface)))
    if setting.setting == "mtu":
        return str(link["mtu"])
    if setting.setting == "arp":
        return "off" if "NOARP" in link["flags"] else "on"
    return "up" if "UP" in link["flags"] else "down"
