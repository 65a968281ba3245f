"""One pf rule or table out of its words."""

from __future__ import annotations

from landiag.firewall.pf.cursor import Words, join
from landiag.firewall.pf.options import ROUTES, parse_option
from landiag.firewall.pf.syntax import ANCHORS, FILTER, OTHERS, TRANSLATION, Name, Option, PfRule, Table
from landiag.firewall.pf.tokens import tokenize
from landiag.model.facts import ParseError
from landiag.model.strict import only_words


def read_rule(text: str) -> PfRule:
    """One rule as text. Raises ParseError."""
    return parse_rule(tokenize(text), text)


def parse_rule(words: list[str], text: str) -> PfRule:
    """The words of one rule. Raises ParseError when its beginning is none."""
    cursor = Words(words)
    no = bool(cursor.accept("no"))
    action = cursor.take()
    if action not in (*FILTER, *TRANSLATION, *ANCHORS, *OTHERS):
        raise ParseError(f"{action!r} begins no rule")
    rule = PfRule(action, text, no=no)
    _head(rule, cursor)
    _hosts(rule, cursor)
    if action in OTHERS and cursor.peek():
        rest = cursor.words[cursor.at :]
        only_words((word for word in rest if word[0] not in _VALUE), _OTHER_WORDS, f"a rule of {action}")
        rule.options.append(Option("?", join(rest)))
        return rule
    _tail(rule, cursor)
    return rule


_OTHER_WORDS = frozenset({
    "fragment", "reassemble", "crop", "drop-ovl", "no-df", "random-id", "min-ttl", "max-mss", "set-tos", "tcp",
    "rtable", "lowdelay", "throughput", "reliability", "pipe", "queue", "dnpipe", "dnqueue", "tag", "tagged", "label",
    "probability", "flags", "port", "from", "to", "any",
})  # fmt: skip
"""What scrub and dummynet rules have behind their hosts (pf.conf(5)); another word is what a cut left of a rule."""
_VALUE = '0123456789"{}(),='


def _head(rule: PfRule, cursor: Words) -> None:
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
    while cursor.peek() in ROUTES:
        rule.route.append(parse_option(cursor))
    rule.af = cursor.accept("inet", "inet6")
    if cursor.accept("proto"):
        rule.protocols = cursor.names()


def _hosts(rule: PfRule, cursor: Words) -> None:
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


def _tail(rule: PfRule, cursor: Words) -> None:
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
            rule.options.append(parse_option(cursor))


def _body(rule: PfRule, cursor: Words) -> None:
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


def parse_table(words: list[str]) -> Table:
    """``table <name> persist const { ... } file "..."``."""
    cursor = Words(words, 1)
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
    cursor = Words(words, 1)
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
