"""What stands behind the hosts of a pf rule: flags, states, labels, redirections, in any order."""

from __future__ import annotations

import re

from landiag.firewall.pf.cursor import Words, join
from landiag.firewall.pf.syntax import Option, Port

ROUTES = ("route-to", "reply-to", "dup-to", "fastroute")
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
        "tracker",
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


def parse_option(cursor: Words) -> Option:
    """One option with its value. A keyword that is not known takes everything up to the next one that is."""
    word = cursor.take()
    if word in ("keep", "modulate", "synproxy", "no") and cursor.accept("state"):
        group = cursor.group()
        return Option("state", f"{word} state {group}".rstrip())
    if word == "!" and cursor.peek() in ("tagged", "received-on"):
        return Option(f"! {cursor.take()}", cursor.take())
    if word == "tagged":
        return Option("tagged", cursor.take())
    if word == "af-to":
        return Option(word, _af_to(cursor))
    if word == "divert-packet" and cursor.accept("port"):
        return Option(word, f"port {cursor.take()}")
    if word in ("user", "group"):
        return Option(word, "\0".join(show_port(port) for port in cursor.comparisons()))
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


def _af_to(cursor: Words) -> str:
    words = [cursor.take()]
    for preposition in ("from", "to"):
        if cursor.accept(preposition):
            words += [preposition, cursor.host().text]
    return " ".join(words)


def _strange(word: str, cursor: Words) -> Option:
    """A keyword that is not known, with everything up to the next one that is."""
    return Option("?", join([word, *_rest(cursor)]))


def _rest(cursor: Words) -> list[str]:
    start = cursor.at
    while cursor.peek() and cursor.peek() not in _KEYWORDS and cursor.peek() not in _HEADS:
        cursor.take()
    return cursor.words[start : cursor.at]


def _until_keyword(cursor: Words) -> str:
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


def _icmp_types(cursor: Words) -> str:
    found: list[str] = []

    def one() -> None:
        text = cursor.take()
        if cursor.accept("code"):
            text += " code " + cursor.take()
        found.append(text)

    cursor.listed(one)
    return "\0".join(found)


def _grouped(word: str, cursor: Words) -> Option:
    group = cursor.group()
    if group:
        return Option(word, group.replace("prio (", "prio("))
    value = [cursor.take()]
    if word == "set":
        value.append(cursor.group() or cursor.take())
    return Option(word, join(value))


def show_port(port: Port) -> str:
    """A comparison as pfctl prints it."""
    if port.operator == ":":
        return f"{port.low}:{port.high}"
    if port.high is not None:
        return f"{port.low} {port.operator} {port.high}"
    return f"{port.operator} {port.low}".strip()
