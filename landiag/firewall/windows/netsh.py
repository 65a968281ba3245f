"""What `netsh advfirewall` prints, in every language whose words are known (knowledge/netsh.toml).

The last resort: everything but a few names is translated, columns shift, and without ``verbose`` no program
is shown, so that a rule which otherwise matches is unknown. So is whatever a word says that is not known.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from msgspec import Struct, field

from landiag.firewall.windows import conditions, interfaces, programs
from landiag.firewall.windows.policy import FirewallRule, Policy, Store
from landiag.firewall.windows.settings import PROFILES, ProfileSettings, Setting
from landiag.firewall.windows.words import words
from landiag.model.facts import ParseError, Unknown
from landiag.model.match import Always, Match, UnknownMatch
from landiag.model.regex import regex

_DASHES = regex(r"^\s*-{20,}\s*$")
_LABEL = regex(r"^([^:：]{1,60}?)\s*[:：](?:\s+(.*))?$")
_DONE = regex(r"\w+[.。]?\s*")
"""The word that netsh ends with: ``Ok.``"""
_POLICY_VALUE = regex(
    r"\b(BlockInboundAlways|BlockInbound|AllowInbound|NotConfigured),[ ]?\w*\s*$",
    re.IGNORECASE | re.MULTILINE,
)
_RULE_HEAD = regex(r"^[^:：\n]{1,60}[ \u00a0]?[:：][^\n]*\S[ ]*\n[ ]*-{20,}[ ]*$", re.MULTILINE)
_VERBOSE = frozenset(("program", "service", "interface_types", "security", "source"))
_CONDITIONS = ("protocol", "local_address", "remote_address")
_SOURCE = "netsh advfirewall"


class Block(Struct):
    """One rule as printed: its name, its labelled lines by field, the lines whose label is unknown."""

    name: str
    fields: dict[str, str] = field(default_factory=dict)
    strange: list[str] = field(default_factory=list)
    icmp: list[str] = field(default_factory=list)


def is_netsh(text: str) -> bool:
    """Whether a text looks like rules or profile settings of netsh, in whatever language."""
    return _POLICY_VALUE.search(text) is not None or _RULE_HEAD.search(text) is not None


def parse_netsh(text: str) -> Policy:
    """Rules, or profile settings, that netsh printed. Raises ParseError when there are neither."""
    policy = Policy()
    _read_profiles(text, policy)
    blocks = list(_blocks(text))
    if blocks:
        _read_rules(blocks, policy)
    if not blocks and not policy.settings and not policy.gaps:
        raise ParseError("netsh showed no rule and no profile")
    return policy


def _blocks(text: str) -> Iterator[Block]:
    """A rule begins with a labelled line above a line of dashes."""
    block: Block | None = None
    lines = text.splitlines()
    for index, line in enumerate(lines):
        following = lines[index + 1] if index + 1 < len(lines) else ""
        head = _LABEL.match(line)
        if head and head[2] and _DASHES.match(following):
            if block is not None:
                yield block
            block = Block(head[2].strip())
            if words().label(head[1]) != "name":
                block.strange.append(line.strip())
        elif block is not None and line.strip() and not _DASHES.match(line):
            _take(block, line)
    if block is not None:
        yield block


def _take(block: Block, line: str) -> None:
    found = _LABEL.match(line)
    if line[0].isspace():
        if words().label(line.strip()) != "icmp":
            block.icmp.append(" ".join(line.split()))
        return
    if found is None and _DONE.fullmatch(line):
        return
    name = None if found is None else words().label(found[1])
    if name is None or found is None:
        block.strange.append(line.strip())
    else:
        block.fields[name] = (found[2] or "").strip()


def _read_rules(blocks: Sequence[Block], policy: Policy) -> None:
    known = sum(len(block.fields) for block in blocks)
    if known < 3 * len(blocks):
        strange = next((line for block in blocks for line in block.strange), "")
        policy.gaps.append(
            Unknown(f"netsh speaks a language that is not known here: {strange[:60]!r}", _SOURCE)
        )
        return
    policy.has_rules = True
    verbose = any(_VERBOSE & set(block.fields) for block in blocks)
    policy.rules += [_rule(block, verbose=verbose) for block in blocks]
    if "action" not in blocks[-1].fields:
        policy.gaps.append(Unknown(f"netsh's output is cut off in rule {blocks[-1].name!r}", _SOURCE))


def _rule(block: Block, *, verbose: bool) -> FirewallRule:
    said = words()
    fields = block.fields
    profiles = {said.value("profiles", word) for word in fields.get("profiles", "").split(",")}
    source = fields.get("source", "")
    from_policy = said.value("source", source) is not None or any(
        said.value("source", word) for word in (source.partition(":")[0],)
    )
    return FirewallRule(
        identity=block.name,
        title=block.name,
        action=said.value("action", fields.get("action", "")),
        inbound={"in": True, "out": False}.get(said.value("direction", fields.get("direction", "")) or ""),
        enabled={"yes": True, "no": False}.get(said.value("enabled", fields.get("enabled", "")) or ""),
        profiles=None if None in profiles else frozenset(name for name in profiles if name),
        text=f"{block.name}: " + "; ".join(f"{name} {value}" for name, value in fields.items() if value),
        conditions=lambda: tuple(_conditions(block, verbose=verbose)),
        store=Store.GROUP_POLICY if from_policy else Store.LOCAL,
        program=None if said.is_any(fields.get("program", "Any")) else fields["program"],
        is_named=False,
    )


def _conditions(block: Block, *, verbose: bool) -> Iterator[Match]:
    fields = block.fields
    for name in _CONDITIONS:
        if name not in fields:
            yield UnknownMatch(f"{name.replace('_', ' ')} is not shown")
    for name in (
        "protocol",
        "local_port",
        "remote_port",
        "local_address",
        "remote_address",
        "program",
        "service",
    ):
        match = _condition(name, fields[name]) if fields.get(name) else None
        if match is not None:
            yield match
    yield from _rest(block)
    if not verbose:
        yield UnknownMatch("netsh shows no programs without verbose")


def _condition(name: str, value: str) -> Match | None:
    said = words()
    text = f"{name.replace('_', ' ')} {value}"
    parts = ["Any" if said.is_any(part) else part.strip() for part in value.split(",")]
    if name == "program":
        return programs.program("Any" if said.is_any(value) else value)
    if name == "service":
        return None if said.is_any(value) else programs.Service(value.strip(), text)
    if name == "protocol":
        try:
            number = conditions.parse_protocol(parts[0])
        except ParseError:
            return UnknownMatch(text)
        return None if number is None else conditions.protocol(number)
    if name.endswith("port"):
        return conditions.ports("th dport" if name == "local_port" else "th sport", parts, text)
    return conditions.addresses("destination" if name == "local_address" else "source", parts, text)


def _rest(block: Block) -> Iterator[Match]:
    said = words()
    fields = block.fields
    for line in block.strange:
        yield UnknownMatch(line)
    for group in ("profiles", "enabled", "direction"):
        for word in fields.get(group, "").split(","):
            if group == "profiles" and said.value(group, word) is None:
                yield UnknownMatch(f"{group} {word or 'not shown'}")
    types = fields.get("interface_types", "")
    if types and not said.is_any(types):
        named = [said.value("interface_type", word) or word for word in types.split(",")]
        match = interfaces.interface_types(named, f"interface types {types}")
        if match is not None:
            yield match
    security = fields.get("security", "")
    if security and said.value("security", security) is None:
        blocks = said.value("action", fields.get("action", "")) == "block"
        text = f"security {security}"
        plain = security.isascii() and security.lower().startswith("auth")
        yield Always(answer=False, text=text) if plain and not blocks else UnknownMatch(text)
    if block.icmp and fields.get("protocol", "").lower().startswith("icmp"):
        version = 6 if fields["protocol"].lower().endswith("6") else 4
        yield conditions.icmp(version, [_icmp(line) for line in block.icmp], f"icmp {', '.join(block.icmp)}")


def _icmp(line: str) -> str:
    kind, _, code = line.partition(" ")
    said = words()
    return f"{'*' if said.is_any(kind) else kind}:{'*' if said.is_any(code) else code}"


def _read_profiles(text: str, policy: Policy) -> None:
    """`show allprofiles`, `show currentprofile`: a section a profile, its policy value never translated."""
    lines = text.splitlines()
    places = [index for index in range(len(lines)) if _policy_at(lines, index)]
    for order, place in enumerate(places):
        profile = _profile_of(_title(lines, place), order, len(places))
        if profile is None:
            policy.gaps.append(Unknown(f"which profile {_title(lines, place)!r} is", _SOURCE))
            continue
        end = places[order + 1] if order + 1 < len(places) else len(lines)
        policy.set(Store.LOCAL, profile, _settings(lines, place, end))


def _policy_at(lines: Sequence[str], index: int) -> str | None:
    """The firewall policy in a line; a narrow console may have wrapped it into the next one."""
    found = _POLICY_VALUE.search(lines[index])
    if found is None and index + 1 < len(lines) and not lines[index + 1][:1].isspace():
        joined = _POLICY_VALUE.search(lines[index] + lines[index + 1])
        found = joined if joined and joined.start() < len(lines[index]) else None
    return found[1] if found else None


def _title(lines: Sequence[str], place: int) -> str:
    above = [
        line.strip() for line in lines[max(0, place - 6) : place] if line.strip() and not _DASHES.match(line)
    ]
    titles = [line for line in above if line.endswith((":", "："))]
    return titles[-1] if titles else ""


def _profile_of(title: str, order: int, count: int) -> str | None:
    """Which profile a section is: by its title; where three sections are shown, by their order."""
    lowered = title.lower()
    for words_of_title, profile in words().sections:
        if words_of_title in lowered:
            return profile
    return PROFILES[order] if count == 3 else None


def _settings(lines: Sequence[str], place: int, end: int) -> ProfileSettings:
    policy = (_policy_at(lines, place) or "").lower()
    state_line = next((line for line in reversed(lines[:place]) if line.strip()), "")
    merges = next((line.split(None, 1)[1].strip() for line in lines[place:end] if _MERGE.match(line)), "")
    return ProfileSettings(
        enabled=_state(state_line),
        blocks_by_default=None if policy == "notconfigured" else policy.startswith("block"),
        blocks_all=True if policy == "blockinboundalways" else None,
        merges_local=_switch(merges),
    )


_MERGE = regex(r"LocalFirewallRules\s+\S")


def _state(line: str) -> Setting:
    """ON or OFF: the last words of the line above the policy."""
    pieces = re.split(r"\s{2,}", line.strip())
    word = pieces[-1] if len(pieces) > 1 else line.strip().rpartition(" ")[2]
    found = words().value("state", word)
    return Unknown(f"its state is {word[:30]!r}", _SOURCE) if found is None else found == "on"


def _switch(value: str) -> Setting:
    if not value or value.upper().startswith("N/A") or "GPO" in value:
        return None  # only a store of Group Policy has this setting: "N/A (GPO-store only)", in whatever language
    found = words().value("switch", value)
    return Unknown(f"LocalFirewallRules is {value[:30]!r}", _SOURCE) if found is None else found == "enable"
