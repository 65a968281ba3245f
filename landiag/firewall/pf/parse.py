"""pf rules out of pf.conf and out of everything that pfctl prints: FreeBSD, OpenBSD and macOS alike."""

from __future__ import annotations

import re
from collections.abc import Callable

from landiag.firewall.pf.syntax import (
    ANCHORS,
    FILTER,
    OTHERS,
    TRANSLATION,
    Line,
    Macro,
    Name,
    Option,
    PfRule,
    PfText,
    Port,
    RuleLine,
    Table,
)
from landiag.firewall.pf.tokens import definition, expand, logical_lines, tokenize, unnumbered, unquoted
from landiag.model.facts import ParseError

_RULE = re.compile(
    r"^\s*(?:@\d+(?:\(\d+\))?\s+)?(?:(?:no\s+)?(?:nat|rdr|binat)(?:-anchor)?\b"
    r"|(?:pass|block|match)(?=\s*$|\s+[a-z!$(])|anchor\b|scrub(?:-anchor)?\b|dummynet-anchor\b"
    r"|antispoof\b|load anchor\b|set (?:skip|block-policy)\b|table\s*<)",
    re.MULTILINE,
)
_STATUS = re.compile(r"^Status: (Enabled|Disabled)\b", re.MULTILINE)
_TABLE_LISTING = re.compile(r"^[-a-zA-Z]{7}\t(\S+)$", re.MULTILINE)
_SECTIONS = re.compile(r"^([A-Z][A-Z ]+):\s*$")
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

_NOISE = re.compile(r"^\s*(?:\[ |No ALTQ support|ALTQ related|\$ |[A-Z](?!\w*\s*=))")
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
            self.whole.skip += _Words(words, 3).names() if words[2] == "on" else []


_HEAD = re.compile(
    r"(pass|block)(?: drop| return| return-rst)?(?: (in|out))?(?: log)?( quick)?(?: on [a-z]+\d+)?(?: inet6?)?"
    r"(?: proto (tcp|udp))? (?:all|from (?:! )?[^\s{}()<$\"]+ to (?:! )?[^\s{}()<$\"]+)(?: port = (\d+))?"
    r"(?: flags \w+/\w+)?(?: keep state)?$"
)
"""The rules that make up most of a long ruleset, and need no closer look until a packet comes to them."""


def read_rule(text: str) -> PfRule:
    """One rule as text. Raises ParseError."""
    return parse_rule(tokenize(text), text)


class _Words:
    """A cursor over the words of one statement."""

    def __init__(self, words: list[str], at: int = 0) -> None:
        self.words = words
        self.at = at

    def peek(self, ahead: int = 0) -> str:
        """The next word; empty at the end."""
        at = self.at + ahead
        return self.words[at] if at < len(self.words) else ""

    def take(self) -> str:
        """The next word, and step over it. Raises ParseError at the end."""
        if self.at >= len(self.words):
            raise ParseError("it is cut off")
        self.at += 1
        return self.words[self.at - 1]

    def accept(self, *wanted: str) -> str:
        """The next word where it is one of these, else the empty text."""
        if self.peek() in wanted and self.peek():
            return self.take()
        return ""

    def group(self) -> str:
        """Everything up to the parenthesis that closes the one that comes next, as text."""
        if self.peek() != "(":
            return ""
        depth, start = 0, self.at
        while True:
            word = self.take()
            depth += {"(": 1, ")": -1}.get(word, 0)
            if depth == 0:
                return join(self.words[start : self.at])

    def listed(self, one: Callable[[], None]) -> None:
        """One item, or a list of them in braces; commas are optional."""
        if not self.accept("{"):
            one()
            return
        while not self.accept("}"):
            if self.peek() == "{":
                self.listed(one)
            elif not self.accept(","):
                one()

    def names(self) -> list[Name]:
        """One name or a list of them."""
        found: list[Name] = []
        self.listed(lambda: found.append(Name(negated=bool(self.accept("!")), text=self.take())))
        return found

    def host(self) -> Name:
        """One address, network, table, interface; ranges and parentheses belong to it."""
        negated = bool(self.accept("!"))
        if self.peek() == "(":
            text = self.group()
            if self.peek().startswith("/"):
                text += self.take()
        else:
            text = self.take()
            if text == "route":
                text += " " + self.take()
            elif self.peek() == "-":
                self.take()
                text += " - " + self.take()
        return Name(text, negated)

    def hosts(self) -> list[Name]:
        """The hosts behind ``from`` or ``to``; empty for ``any``."""
        found: list[Name] = []
        self.listed(lambda: found.append(self.host()))
        return [] if any(name == Name("any") for name in found) else found

    def comparison(self) -> Port:
        """One comparison."""
        operator = self.accept("=", "!=", "<", "<=", ">", ">=")
        low = self.take()
        if operator:
            return Port(low, operator)
        if self.peek() in ("><", "<>"):
            return Port(low, self.take(), self.take())
        first, colon, last = low.partition(":")
        return Port(first, ":", last) if colon else Port(low)

    def comparisons(self) -> list[Port]:
        """One comparison or a list of them."""
        found: list[Port] = []
        self.listed(lambda: found.append(self.comparison()))
        return found


def join(words: list[str]) -> str:
    """Words as pfctl prints them: no blanks inside of parentheses, one behind commas."""
    text = " ".join(words)
    return text.replace("( ", "(").replace(" )", ")").replace(" ,", ",")


def parse_rule(words: list[str], text: str) -> PfRule:
    """The words of one rule. Raises ParseError when its beginning is none."""
    cursor = _Words(words)
    no = bool(cursor.accept("no"))
    action = cursor.take()
    if action not in (*FILTER, *TRANSLATION, *ANCHORS, *OTHERS):
        raise ParseError(f"{action!r} begins no rule")
    rule = PfRule(action, text, no=no)
    _head(rule, cursor)
    _hosts(rule, cursor)
    if action in OTHERS and cursor.peek():
        rule.options.append(Option("?", join(cursor.words[cursor.at :])))
        return rule
    _tail(rule, cursor)
    return rule


def _head(rule: PfRule, cursor: _Words) -> None:
    if rule.action in ANCHORS or rule.action.endswith("-anchor"):
        if cursor.peek().startswith('"') or cursor.peek() not in (
            "in",
            "out",
            "on",
            "quick",
            "{",
            "all",
            "inet",
            "",
        ):
            rule.name = cursor.take().strip('"')
    elif rule.action in TRANSLATION:
        rule.passes = bool(cursor.accept("pass"))
    elif rule.action == "block":
        rule.returns = cursor.accept("drop", "return", "return-rst", "return-icmp", "return-icmp6")
        if rule.returns.startswith("return-"):
            rule.returns += cursor.group()
    rule.direction = cursor.accept("in", "out")
    while word := cursor.accept("log", "log-all", "quick"):
        if word == "quick":
            rule.quick = True
        else:
            rule.log = word + (f" {group}" if (group := cursor.group()) else "")
    if cursor.accept("on"):
        if cursor.accept("rdomain"):
            rule.rdomain = cursor.take()
        else:
            rule.interfaces = cursor.names()
    while cursor.peek() in _ROUTES:
        rule.route.append(_option(cursor))
    rule.af = cursor.accept("inet", "inet6")
    if cursor.accept("proto"):
        rule.protocols = cursor.names()


def _hosts(rule: PfRule, cursor: _Words) -> None:
    if cursor.accept("all"):
        rule.hosts_given = True
        return
    if cursor.accept("from"):
        rule.hosts_given = True
        if cursor.peek() not in ("port", "os"):
            rule.sources = cursor.hosts()
        if cursor.accept("port"):
            rule.source_ports = cursor.comparisons()
        if cursor.accept("os"):
            cursor.listed(lambda: rule.os.append(cursor.take()))
    if cursor.accept("to"):
        rule.hosts_given = True
        if cursor.peek() != "port":
            rule.destinations = cursor.hosts()
        if cursor.accept("port"):
            rule.destination_ports = cursor.comparisons()


_ROUTES = ("route-to", "reply-to", "dup-to", "fastroute")
_ALONE = frozenset(
    (
        "fragment",
        "allow-opts",
        "once",
        "fastroute",
        "no-df",
        "random-id",
        "static-port",
        "sticky-address",
        "all-opts",
    )
    + ("round-robin", "random", "bitmask", "least-states", "reassemble tcp", "urpf", "no-sync")
)
_ONE = frozenset(
    (
        "label",
        "tag",
        "tos",
        "probability",
        "rtable",
        "prio",
        "received-on",
        "max-pkt-rate",
        "max-pkt-size",
        "ridentifier",
    )
    + (
        "min-ttl",
        "max-mss",
        "set-tos",
        "dnpipe",
        "dnqueue",
        "divert-packet",
        "reassemble",
        "flags",
        "to",
        "os",
        "af-to",
    )
)
_POOLS = frozenset(
    ("nat-to", "rdr-to", "binat-to", "route-to", "reply-to", "dup-to", "divert-to", "divert-reply")
)
_KEYWORDS = (
    _ALONE
    | _ONE
    | _POOLS
    | frozenset(
        (
            "keep",
            "modulate",
            "synproxy",
            "no",
            "user",
            "group",
            "icmp-type",
            "icmp6-type",
            "set",
            "scrub",
            "queue",
            "tagged",
        )
        + ("!", "->", "{", "source-hash")
    )
)


_HEADS = frozenset(("from", "all", "inet", "inet6", "proto"))


def _tail(rule: PfRule, cursor: _Words) -> None:
    """What stands behind the hosts, in any order."""
    while cursor.peek():
        if cursor.accept("->"):
            rule.target = join(cursor.words[cursor.at :])
            cursor.at = len(cursor.words)
        elif cursor.peek() == "{" and rule.action.endswith("anchor"):
            _body(rule, cursor)
        elif cursor.peek() in ("from", "to", "all") and not rule.hosts_given:
            _hosts(rule, cursor)
        else:
            rule.options.append(_option(cursor))


def _body(rule: PfRule, cursor: _Words) -> None:
    cursor.take()
    rule.body = []
    inner = cursor.words[cursor.at :]
    cursor.at = len(cursor.words)
    if not inner:
        return
    if inner[-1] != "}":
        raise ParseError("rules behind an opening brace must stand on their own lines")
    if inner[:-1]:
        rule.body.append(parse_rule(inner[:-1], join(inner[:-1])))


def _option(cursor: _Words) -> Option:
    word = cursor.take()
    if word in ("keep", "modulate", "synproxy", "no"):
        state = cursor.take()
        group = cursor.group()
        return Option("state", join([word, state]) + (f" {group}" if group else ""))
    if word == "!" and cursor.peek() in ("tagged", "received-on"):
        return Option(f"! {cursor.take()}", cursor.take())
    if word == "tagged":
        return Option("tagged", cursor.take())
    if word == "af-to":
        return Option(word, _af_to(cursor))
    if word == "divert-packet" and cursor.accept("port"):
        return Option(word, f"port {cursor.take()}")
    if word in ("user", "group"):
        return Option(word, "\0".join(_show_port(port) for port in cursor.comparisons()))
    if word in ("icmp-type", "icmp6-type"):
        return Option(word, _icmp_types(cursor))
    if word in ("set", "scrub", "queue"):
        return _grouped(word, cursor)
    if word in _ONE and word not in _ALONE:
        return Option(word, cursor.take())
    if word in _ALONE:
        return Option(word)
    return (
        Option(word, _until_keyword(cursor) if word in _POOLS else "")
        if word in _POOLS
        else _strange(word, cursor)
    )


def _af_to(cursor: _Words) -> str:
    words = [cursor.take()]
    for preposition in ("from", "to"):
        if cursor.accept(preposition):
            words += [preposition, cursor.host().text]
    return " ".join(words)


def _strange(word: str, cursor: _Words) -> Option:
    """A keyword that is not known, with everything up to the next one that is."""
    return Option("?", join([word, *_rest(cursor)]))


def _rest(cursor: _Words) -> list[str]:
    start = cursor.at
    while cursor.peek() and cursor.peek() not in _KEYWORDS and cursor.peek() not in _HEADS:
        cursor.take()
    return cursor.words[start : cursor.at]


def _until_keyword(cursor: _Words) -> str:
    words: list[str] = []
    if cursor.peek() == "{":
        while True:
            words.append(cursor.take())
            if words[-1] == "}":
                break
    elif cursor.peek() == "(":
        words.append(cursor.group())
    words += _rest(cursor)
    while word := cursor.accept(*_POOL_KINDS):
        words.append(word)
        if word == "source-hash" and re.fullmatch(r"(?:0x)?[0-9a-fA-F]{32}", cursor.peek()):
            words.append(cursor.take())
    return join(words)


_POOL_KINDS = (
    "round-robin",
    "random",
    "bitmask",
    "least-states",
    "source-hash",
    "sticky-address",
    "static-port",
)


def _icmp_types(cursor: _Words) -> str:
    found: list[str] = []

    def one() -> None:
        text = cursor.take()
        if cursor.accept("code"):
            text += " code " + cursor.take()
        found.append(text)

    cursor.listed(one)
    return "\0".join(found)


def _grouped(word: str, cursor: _Words) -> Option:
    group = cursor.group()
    if group:
        return Option(word, group.replace("prio (", "prio("))
    value = [cursor.take()]
    if word == "set":
        value.append(cursor.group() or cursor.take())
    return Option(word, join(value))


def _show_port(port: Port) -> str:
    if port.operator == ":":
        return f"{port.low}:{port.high}"
    if port.high is not None:
        return f"{port.low} {port.operator} {port.high}"
    return f"{port.operator} {port.low}".strip()


def parse_table(words: list[str]) -> Table:
    """``table <name> persist const { ... } file "..."``."""
    cursor = _Words(words, 1)
    name = cursor.take()
    if not name.startswith("<"):
        raise ParseError("a table without a name")
    table = Table(name.strip("<>"))
    while cursor.peek():
        if cursor.peek() == "{":
            table.parts.append(cursor.names())
        elif cursor.accept("file"):
            table.parts.append(cursor.take())
        else:
            table.flags.append(cursor.take())
    filled = any(isinstance(part, list) for part in table.parts)
    table.complete = filled and not any(isinstance(part, str) for part in table.parts)
    return table


def antispoof(words: list[str], text: str) -> list[PfRule]:
    """``antispoof for em0`` as the rules that pfctl makes of it, pf.conf(5)."""
    cursor = _Words(words, 1)
    log, quick = "", False
    while word := cursor.accept("log", "quick"):
        quick, log = quick or word == "quick", "log" if word == "log" else log
        cursor.group()
    cursor.accept("for")
    names = cursor.names()
    af = cursor.accept("inet", "inet6")
    rules = []
    for name in names:
        plain = name.text.strip("()")
        networks = Name(f"({plain}:network)" if name.text.startswith("(") else f"{plain}:network")
        rules.append(
            PfRule("block", text, returns="drop", direction="in", log=log, quick=quick, af=af, hosts_given=True,
                   interfaces=[Name(plain, negated=True)], sources=[networks])
        )  # fmt: skip
        rules.append(
            PfRule("block", text, returns="drop", direction="in", log=log, quick=quick, af=af, hosts_given=True,
                   sources=[Name(name.text)])
        )  # fmt: skip
    return rules
