"""One line of iptables-save to steps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from functools import lru_cache

from msgspec import Struct, field
from msgspec.structs import replace

from landiag.firewall.ipt.matches import lower_general, lower_module
from landiag.firewall.ipt.options import Option, Setting
from landiag.firewall.ipt.targets import ALL_TARGETS, lower_target
from landiag.knowledge.tables import read_tables
from landiag.model.action import Opaque
from landiag.model.facts import ParseError
from landiag.model.match import UnknownMatch
from landiag.model.regex import regex
from landiag.model.ruleset import Step

GENERAL = {
    "-p": "-p", "--protocol": "-p", "--proto": "-p", "-s": "-s", "--source": "-s", "--src": "-s", "-d": "-d",
    "--destination": "-d", "--dst": "-d", "-i": "-i", "--in-interface": "-i", "-o": "-o",
    "--out-interface": "-o", "-f": "-f", "--fragment": "-f",
}  # fmt: skip
SHORT = frozenset({*GENERAL, "-j", "-g", "-m", "-c"})
"""The options of one letter."""

ONE_VALUE = frozenset(
    {"--comment", "--log-prefix", "--nflog-prefix", "--ulog-prefix", "--string", "--hex-string"}
)
TWO_VALUES = frozenset({
    "--tcp-flags", "--match-set", "--set", "--add-set", "--del-set", "--map-set", "-c", "--set-counters",
})  # fmt: skip
"""All other options have one value at the most: a second word was something else once."""

OF_PROTOCOL = frozenset({
    "--dport", "--sport", "--source-port", "--destination-port", "--syn", "--tcp-flags", "--tcp-option",
    "--icmp-type",
})  # fmt: skip
"""Options of the match that ``-p`` implies, wherever people write them."""

IMPLIED = frozenset({"tcp", "udp", "sctp", "dccp", "udplite", "icmp", "icmpv6", "ipv6-icmp", "icmp6"})


@lru_cache(maxsize=1)
def known_options() -> frozenset[str]:
    """Every option that rules have, of all matches and targets."""
    return frozenset(read_tables("iptables.toml")["options"].split())


_QUOTED = regex(r'"(?:[^"\\]|\\.)*"')
_BEGINS_LIKE_OPTION = regex(r"(?<=\s)-[^\s\d]\S*")
_JUMPS = regex(r"(?<=\s)(?:-j|-g|--jump|--goto)\s+(\S+)")
_COMMANDS = frozenset(("-A", "-I", "-N", "-P", "-F", "-X", "-Z"))
_PLAIN = SHORT | _COMMANDS


def strange_words(text: str, chains: AbstractSet[str]) -> frozenset[str]:
    """The words of rules that may hide what a rule does.

    They begin like an option and are none, jump to what is neither a target nor one of the chains, or are not
    ASCII: iptables-save quotes such words.
    """
    bare = _QUOTED.sub('""', text) if '"' in text else text
    jumps = set(_JUMPS.findall(bare)) - ALL_TARGETS - chains
    foreign = set() if bare.isascii() else {word for word in bare.split() if not word.isascii()}
    # ufw's files name chains that its other files declare.
    named = {word for word in jumps | foreign if not word.startswith("ufw")}
    return frozenset((set(_BEGINS_LIKE_OPTION.findall(bare)) - known_options() - _PLAIN) | named)


def split_words(line: str) -> list[str]:
    """The words of a line as iptables-restore splits it: double quotes and backslashes, nothing else."""
    words: list[str] = []
    word: list[str] = []
    quoted = started = escaped = False
    for char in line:
        if escaped:
            word.append(char)
            escaped = False
        elif char == "\\" and quoted:
            escaped = True
        elif char == '"':
            quoted = not quoted
            started = True
        elif char in " \t\n" and not quoted:
            if word or started:
                words.append("".join(word))
            word, started = [], False
        else:
            word.append(char)
    if quoted:
        raise ParseError("a quote is not closed")
    if word or started:
        words.append("".join(word))
    return words


def read_options(words: Sequence[str]) -> Iterator[Option]:
    """The words as options with their values; ``!`` may stand before an option or (old style) its value."""
    at = 0
    negated = False
    while at < len(words):
        name = words[at]
        at += 1
        if name == "!":
            negated = True
            continue
        values: list[str] = []
        if name in ONE_VALUE and at < len(words):
            values.append(words[at])
            at += 1
        while name not in ONE_VALUE and at < len(words) and not _is_option(words[at]):
            if words[at] == "!" and at + 1 < len(words) and _is_option(words[at + 1]):
                break
            if words[at] == "!":
                negated = True
            else:
                values.append(words[at])
            at += 1
        yield Option(name, tuple(values), negated)
        negated = False


def _is_option(word: str) -> bool:
    """A word that begins like an option is one, known or not: ``-jDROP`` is no value of what stands before."""
    return word.startswith("--") or (len(word) > 1 and word[0] == "-" and word[1].isalpha())


class _Reader(Struct):
    """What has been read of a rule: the match that is being gathered, the steps so far, the target."""

    setting: Setting
    steps: list[Step] = field(default_factory=list)
    module: str = ""
    gathered: list[Option] = field(default_factory=list)
    target: Option | None = None
    target_options: list[Option] = field(default_factory=list)
    strange: str = ""

    def take(self, option: Option) -> None:
        """Take one option in. Matches may stand behind the target too."""
        is_known = option.name in SHORT or option.name in known_options()
        if not is_known or len(option.values) > (2 if option.name in TWO_VALUES else 1):
            self.strange = option.text
        elif option.name in ("-j", "--jump", "-g", "--goto"):
            self.finish_match()
            self.strange = self.strange or (option.text if self.target else "")
            self.target = option
        elif option.name in ("-c", "--set-counters"):
            if len(option.values) != 2 or not all(value.isdecimal() for value in option.values):
                self.strange = option.text
        elif option.name in GENERAL:
            self._take_general(replace(option, name=GENERAL[option.name]))
        elif option.name in ("-m", "--match"):
            self.finish_match()
            self.module = (option.values or ("",))[0]
            self.strange = self.strange or (option.text if len(option.values) != 1 else "")
        elif option.name in OF_PROTOCOL and self._is_not_its_own():
            self.steps += _module("", [option], self.setting)
        elif self.target is not None and not self.module:
            self.target_options.append(option)
        else:
            self.gathered.append(option)

    def _is_not_its_own(self) -> bool:
        """Whether an option of the protocol's match stands with another match, or behind the target."""
        others = self.module not in (*IMPLIED, "multiport", "mport")
        return others and (bool(self.module) or self.target is not None)

    def _take_general(self, option: Option) -> None:
        if option.name == "-p" and not option.negated and option.values:
            self.setting = replace(self.setting, protocol=option.values[0])
        self.steps += _general(option, self.setting)

    def finish_match(self) -> None:
        """Lower the match that was gathered."""
        if self.module or self.gathered:
            self.steps += _module(self.module, self.gathered, self.setting)
        self.module, self.gathered = "", []

    def finish(self) -> tuple[Step, ...]:
        """The steps of the whole rule."""
        self.finish_match()
        target = self.target
        if self.strange:
            return (Opaque(f"{self.strange} is not understood"),)
        if target is None and any(isinstance(step, UnknownMatch) for step in self.steps):
            self.steps.append(Opaque("what is not understood may be what the rule does"))
        elif target is not None and len(target.values) == 1 and not target.negated:
            goto = target.name in ("-g", "--goto")
            self.steps += lower_target(target.values[0], self.target_options, self.setting, goto=goto)
        elif target is not None:
            self.steps.append(Opaque(f"{target.text} is not understood"))
        return tuple(self.steps)


def lower_line(words: Sequence[str], setting: Setting) -> tuple[Step, ...]:
    """The steps of a rule's words, without ``-A CHAIN``."""
    reader = _Reader(setting)
    for option in read_options(words):
        reader.take(option)
    return reader.finish()


def _general(option: Option, setting: Setting) -> Sequence[Step]:
    try:
        return lower_general(option, setting)
    except (ParseError, ValueError):
        return [UnknownMatch(option.text)]


def _module(module: str, options: Sequence[Option], setting: Setting) -> Sequence[Step]:
    if not module:
        protocol = setting.protocol or ""
        if protocol not in IMPLIED:
            return [UnknownMatch(" ".join(option.text for option in options))]
        module = {"icmpv6": "icmp6", "ipv6-icmp": "icmp6"}.get(protocol, protocol)
    return lower_module(module, options, setting)
