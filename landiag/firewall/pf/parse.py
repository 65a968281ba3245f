"""pf rules out of pf.conf and out of everything that pfctl prints: FreeBSD, OpenBSD and macOS alike."""

from __future__ import annotations

import re

from landiag.firewall.pf.cursor import Words
from landiag.firewall.pf.rules import antispoof, parse_rule, parse_table, read_rule
from landiag.firewall.pf.syntax import FILTER, OTHERS, Line, Macro, PfRule, PfText, RuleLine, Table
from landiag.firewall.pf.tokens import (
    definition,
    expand,
    logical_lines,
    strip_comment,
    tokenize,
    unnumbered,
    unquoted,
)
from landiag.firewall.pf.write import write_item
from landiag.model.facts import ParseError
from landiag.model.regex import regex

_RULE = regex(
    r"^\s*(?:@\d+(?:\(\d+\))?\s+)?(?:(?:no\s+)?(?:nat|rdr|binat)(?:-anchor)?\b"
    r"|(?:pass|block|match)(?=\s*$|\s+[a-z!$(])|anchor\b|scrub(?:-anchor)?\b|dummynet-anchor\b"
    r"|antispoof\b|load anchor\b|set (?:skip|block-policy)\b|table\s*<)",
    re.MULTILINE,
)
_STATUS = regex(r"^Status: (Enabled|Disabled)\b", re.MULTILINE)
_TABLE_LISTING = regex(r"^[-a-zA-Z]{7}\t(\S+)$", re.MULTILINE)
_SECTIONS = regex(r"^([A-Z][A-Z ]+):\s*$")
_WITHOUT_RULES = frozenset(
    (
        "INFO",
        "STATES",
        "SOURCE TRACKING NODES",
        "LABEL COUNTERS",
        "TIMEOUTS",
        "LIMITS",
        "OS FINGERPRINTS",
        "INTERFACES",
    )
    + ("ALTQ", "QUEUES", "DUMMYNET RULES", "TABLES", "LABELS", "SOURCES")
)
"""Headings of `pfctl -sa` under which no rule stands."""

_NOISE = regex(r"^\s*(?:\[ |No ALTQ support|ALTQ related|\$ |[A-Z](?!\w*\s*=))")
"""Counters, notices and prose: no keyword of pf begins with a capital letter."""

_MUTE = ("altq", "queue", "set", "hfsc", "cbq", "priq", "state-defaults")


def is_pf(text: str) -> bool:
    """Whether a text holds pf rules, tables or pf's state."""
    return any(sign.search(text) for sign in (_STATUS, _RULE, _TABLE_LISTING))


def parse_pf(text: str) -> PfText:
    """One file. A line that is not understood is kept as a problem. Raises ParseError where nothing is pf's."""
    if not is_pf(text):
        raise ParseError("no rule of pf in it")
    whole = PfText()
    status = _STATUS.search(text)
    if status:
        whole.enabled = status[1] == "Enabled"
    _Reader(whole, text).read(_relevant(text, whole))
    return whole


def parse_pf_file(text: str) -> PfText:
    """A saved file: a last line without its end may be the rest of one that was cut. Raises ParseError."""
    whole = parse_pf(text)
    if not text.endswith("\n"):
        whole.problems.append("the last line has no end: the file may be cut off there")
    return whole


def parse_listing(text: str) -> PfText:
    """What `pfctl -s rules` or `-s nat` printed: rules and nothing else, so that any other line is a problem."""
    whole = PfText()
    _Reader(whole, text).read(text)
    lines = text.splitlines()
    cut = (line.strip() for line in lines if _LISTED.match(line) and not _WHOM.search(line))
    whole.problems += [f"{line[:80]!r} is cut off: pfctl writes for whom a rule is" for line in cut]
    whole.problems += [
        f"{one[:80]!r} has a comment: pfctl prints none" for one in lines if strip_comment(one) != one
    ]
    others = (write_item(item) for item in whole.items if not isinstance(item, PfRule | RuleLine))
    whole.problems += [f"{line[:80]!r} is no rule: pfctl lists nothing else here" for line in others]
    return whole


_LISTED = regex(r"\s*(?:pass|block|match|(?:(?:scrub|nat|rdr|binat|dummynet)-)?anchor)\b")
_WHOM = regex(r"\s(?:all|from|to)\b")
"""What every rule has in a listing of pfctl, though pf.conf may leave it out."""


def _relevant(text: str, whole: PfText) -> str:
    """The lines that can be rules: sections of `pfctl -sa` that are none, counters and noise are left out."""
    kept: list[str] = []
    section = ""
    for line in text.splitlines():
        if line[:1].islower() and section not in _WITHOUT_RULES:
            kept.append(line)
            continue
        found = _SECTIONS.match(line)
        if found:
            section = found[1]
            whole.shows_rules = whole.shows_rules or section in ("FILTER RULES", "RULES")
        elif _STATUS.match(line):
            section = "INFO"
        elif section not in _WITHOUT_RULES and not _NOISE.match(line):
            kept.append(line)
            continue
        elif section == "INFO" and _RULE.match(line):
            section = ""
            kept.append(line)
            continue
        kept.append("")
    return "\n".join(kept)


class _Reader:
    """Reads the statements of one file in order, into nested anchors too."""

    def __init__(self, whole: PfText, text: str) -> None:
        self.whole = whole
        self.text = text
        self.macros: dict[str, str] = {}
        self.open: list[PfRule] = []
        self.seen: dict[str, int] = {}

    def read(self, text: str) -> None:
        """Take every line."""
        for number, line in logical_lines(text):
            listing = _TABLE_LISTING.match(line)
            if listing:
                empty = re.search(
                    rf"\\t{re.escape(listing[1])}\\n\\s+Addresses:\\s+0$", self.text, re.MULTILINE
                )
                self.whole.items.append(Table(listing[1], complete=empty is not None))
            else:
                self._take(number, line)
        if self.open:
            self.whole.problems.append(f"anchor {self.open[-1].name} is not closed: the text is cut off")

    def _take(self, number: int, line: str) -> None:
        try:
            self._statement(unnumbered(line))
        except ParseError as error:
            self.whole.problems.append(f"line {number}: {line[:80]!r}: {error}")
        except IndexError:
            self.whole.problems.append(f"line {number}: {line[:80]!r} is cut off")

    def _statement(self, line: str) -> None:
        head = _HEAD.match(line)
        if head is not None:
            port = int(head[5]) if head[5] else None
            self._add(RuleLine(line, head[1], head[2] or "", port, read_rule, quick=head[3] is not None))
            return
        macro = definition(line)
        if macro is not None:
            self.macros[macro[0]] = unquoted(macro[1])
            self.whole.items.append(Macro(*macro))
            return
        if line == "}":
            if not self.open:
                raise ParseError("a brace closes nothing")
            self.open.pop()
            return
        words = tokenize(expand(line, self.macros))
        first = words[0]
        if first == "table":
            self.whole.items.append(parse_table(words))
        elif first == "set":
            self._set(words, line)
        elif first == "antispoof":
            for rule in antispoof(words, line):
                self._add(rule)
        elif first in ("load", "include"):
            self.whole.items.append(Line(line))
            if first == "include":
                self.whole.problems.append(f"{line}: that file is not among those that were given")
        elif first in _MUTE:
            self.whole.items.append(Line(line))
        else:
            self._rule(words, line)

    def _rule(self, words: list[str], line: str) -> None:
        rule = parse_rule(words, line)
        for one in (rule, *(rule.body or ())):
            if isinstance(one, PfRule) and one.action not in OTHERS and (strange := one.option("?")):
                self.whole.problems.append(f"{line[:80]!r}: {strange[:40]!r} is not understood")
        self._add(rule)
        if rule.body is not None and words[-1] != "}":
            self.open.append(rule)

    def _add(self, rule: PfRule | RuleLine) -> None:
        kind = "filter" if rule.action in (*FILTER, "anchor") else rule.action
        self.seen[kind] = rule.position = self.seen.get(kind, 0) + 1
        if self.open and self.open[-1].body is not None:
            self.open[-1].body.append(rule)
        else:
            self.whole.items.append(rule)
        self.whole.shows_rules = self.whole.shows_rules or kind == "filter"

    def _set(self, words: list[str], line: str) -> None:
        self.whole.items.append(Line(line))
        if words[1] == "block-policy":
            self.whole.block_policy = words[2]
        elif words[1] == "skip":
            self.whole.skip += Words(words, 3).names() if words[2] == "on" else []


_HEAD = regex(
    r"(pass|block)(?: drop| return| return-rst)?(?: (in|out))?(?: log)?( quick)?(?: on [a-z]+\d+)?(?: inet6?)?"
    r"(?: proto (tcp|udp))? (?:all|from (?:! )?[^\s{}()<$\"]+ to (?:! )?[^\s{}()<$\"]+)(?: port = (\d+))?"
    r"(?: flags \w+/\w+)?(?: keep state)?$"
)
"""The rules that make up most of a long ruleset, and need no closer look until a packet comes to them."""
