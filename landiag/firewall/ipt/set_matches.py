"""The set match of iptables-extensions(8), lowered: what of a packet is looked up in which ipset."""

from __future__ import annotations

from collections.abc import Sequence

from landiag.firewall.ipt.options import Option, Setting
from landiag.model.facts import ParseError
from landiag.model.match import Always, AnyOf, Match, UnknownKind, UnknownMatch
from landiag.model.operands import Field
from landiag.model.sets import ElementSet, InSet


def match_set(option: Option, setting: Setting) -> Match:
    """``-m set --match-set NAME DIRECTIONS``."""
    name, directions = option.values
    found = None if setting.sets is None else setting.sets.get(name)
    if found is None:
        return UnknownMatch(option.text, UnknownKind.UNREADABLE)
    members = found.members or (found,)
    matches = [_in_ipset(member, directions.split(","), setting, option.text) for member in members]
    return (
        matches[0]
        if len(matches) == 1 and not option.negated
        else AnyOf(tuple(matches), option.text, option.negated)
    )


def _in_ipset(found: ElementSet, directions: Sequence[str], setting: Setting, text: str) -> Match:
    operands = ipset_operands(found, directions, setting)
    return Always(answer=False, text=text) if operands is None else InSet(operands, found, text)


def ipset_operands(
    found: ElementSet, directions: Sequence[str], setting: Setting
) -> tuple[Field, ...] | None:
    """The fields that an ipset of this type takes from a packet; None: a set of the other family."""
    kinds = found.kinds
    if found.version is not None and found.version != setting.version:
        return None
    fields = []
    for kind, direction in zip(kinds, directions, strict=False):
        source = direction == "src"
        names = {
            "ip": f"{setting.family} {'saddr' if source else 'daddr'}",
            "net": f"{setting.family} {'saddr' if source else 'daddr'}",
            "iface": "iifname" if source else "oifname",
            "mac": f"ether {'saddr' if source else 'daddr'}",
            "mark": "meta mark",
        }
        if kind == "port":
            side = "sport" if source else "dport"
            fields += [Field("meta l4proto"), Field(f"ipset {side}" if len(kinds) > 1 else f"bitmap {side}")]
        elif kind in names:
            fields.append(Field(names[kind]))
        else:
            raise ParseError(f"a set of {kind} is not known here")
    if len(directions) < len(kinds):
        raise ParseError(f"{found.name} needs {len(kinds)} directions")
    return tuple(fields)
