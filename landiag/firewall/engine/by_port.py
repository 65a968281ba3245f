"""Which rules of a ruleset's texts may concern a port: those that begin by asking for another one do not.

What is told too many rules makes more classes of addresses than there need be; so a rule that is not plain concerns
every port, and where a translation is not plain, every rule does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct

from landiag.firewall.engine.ranges import common
from landiag.model.operands import Ranges
from landiag.model.regex import regex
from landiag.model.ruleset import Ruleset

ANY: Ranges = ((0, 65535),)


class Part(Struct, frozen=True):
    """Rules that concern the same ports, and with them what is no rule and concerns all."""

    ports: Ranges
    text: bytes

    def concerns(self, ports: Ranges) -> bool:
        """Whether a packet to one of these ports may meet it."""
        return common(self.ports, ports) != ()


_OBJECT = regex(
    rb'(?=\{"(?:table|chain|set|map|element|rule|counter|quota|limit|flowtable|synproxy|secmark'
    rb'|ct helper|ct timeout|ct expectation)": \{"family": ")'
)
_RULE = regex(rb'\{"rule": \{[^\[\]]*"expr": ')
_VALUE = rb"(?:[^{}]|\{(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*\})+?"
_ASKS = regex(
    rb'[\[,] ?\{"match": \{"op": "(==|in)", "left": \{"(?:payload|meta|ct)": \{([^{}]*)\}\}, '
    rb'"right": (%s)\}\}(?=, \{"|\])' % _VALUE
)
_DPORT = regex(rb'"protocol": "(?:tcp|udp|th)", "field": "dport"')
_PORTS = regex(rb'(?:\d+|\{"range": \[\d+, \d+\]\}|\{"set": \[(?:\d+|\{"range": \[\d+, \d+\]\}|, )*\]\})')
_PORT = regex(rb'"range": \[(\d+), (\d+)\]|(\d+)')
_LINE = regex(
    rb"(?:\[\d+:\d+\] )?-A \S+ (?:(?:! )?-[sdio] \S+ |-p \S+ |-m (?:tcp|udp|multiport) "
    rb'|-m comment --comment (?:"[^"\\]*"|[^"\s]+) |-m state --state \S+ |-m conntrack --ctstate \S+ )*'
    rb"--dports? ([\d,:]+)(?=\s|$)"
)


def parts(ruleset: Ruleset) -> Iterator[Part]:
    """The texts of a ruleset by the ports that they concern."""
    found: dict[Ranges, list[bytes]] = {}
    for text in ruleset.texts:
        pieces = text.splitlines() if b'{"rule": ' not in text else _OBJECT.split(text)
        for piece in pieces:
            found.setdefault(_concerned(piece), []).append(piece)
    for ports, several in found.items():
        yield Part(ports, b"\n".join(several))


def _concerned(piece: bytes) -> Ranges:
    """The ports that one rule asks for before all else, or any."""
    if line := _LINE.match(piece):
        return tuple(sorted(_span(word.split(b":")) for word in line[1].split(b",") if word))
    rule = _RULE.match(piece)
    asked = _ASKS.match(piece, rule.end()) if rule else None
    while asked:
        if asked[1] == b"==" and _DPORT.search(asked[2]) and _PORTS.fullmatch(asked[3]):
            return tuple(
                sorted(_span([low or one, high or one]) for low, high, one in _PORT.findall(asked[3]))
            )
        asked = _ASKS.match(piece, asked.end())
    return ANY


def _span(ends: list[bytes]) -> tuple[int, int]:
    return int(ends[0] or 0), int(ends[-1] or 65535)


_TRANSLATES = regex(
    rb"-j (?:DNAT|SNAT|REDIRECT|MASQUERADE|TPROXY|NETMAP)\b"
    rb'|"(?:dnat|snat|redirect|masquerade|tproxy)": |"mangle": \{"key": \{"payload"'
)
_PLAINLY = regex(
    rb"-j (?:DNAT|SNAT|REDIRECT|MASQUERADE|TPROXY|NETMAP)\b"
    rb'|"(?:dnat|snat|redirect|masquerade|tproxy)": (?:null|\{(?:"\w+": (?:"[^"]*"|\d+|\["[^\[\]]*\])(?:, )?)*\})'
)
_SENT_TO = regex(
    rb'--to-(?:destination|source) \S*:(\d+)(?:-(\d+))?|(?:--to-ports?|--on-port) (\d+)(?:-(\d+))?|"port": (\d+)'
)


def ports_met(ruleset: Ruleset, ports: Iterable[int]) -> Ranges:
    """The ports that packets to some ports may be sent to on their way, those among them."""
    found = {(port, port) for port in ports}
    for text in ruleset.texts:
        if len(_TRANSLATES.findall(text)) != len(_PLAINLY.findall(text)):
            return ANY
        for words in _SENT_TO.findall(text):
            known = [int(word) for word in words if word]
            if known[0] != known[-1]:  # nobody knows to which of them
                return ANY
            found.add((known[0], known[0]))
    return tuple(sorted(found))
