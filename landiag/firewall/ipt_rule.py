"""One line of iptables-save to steps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from landiag.firewall.ipt_matches import Option, Setting, lower_general, lower_module
from landiag.firewall.ipt_targets import lower_target
from landiag.model.action import Opaque
from landiag.model.facts import ParseError
from landiag.model.match import UnknownMatch
from landiag.model.ruleset import Step

GENERAL = {
    "-p": "-p", "--protocol": "-p", "--proto": "-p", "-s": "-s", "--source": "-s", "--src": "-s", "-d": "-d",
    "--destination": "-d", "--dst": "-d", "-i": "-i", "--in-interface": "-i", "-o": "-o",
    "--out-interface": "-o", "-f": "-f", "--fragment": "-f",
}  # fmt: skip
ONE_VALUE = frozenset(
    {"--comment", "--log-prefix", "--nflog-prefix", "--ulog-prefix", "--string", "--hex-string"}
)
OF_PROTOCOL = frozenset({
    "--dport", "--sport", "--source-port", "--destination-port", "--syn", "--tcp-flags", "--icmp-type",
})  # fmt: skip
"""Options of the match that ``-p`` implies, wherever people write them."""

IMPLIED = frozenset({"tcp", "udp", "sctp", "dccp", "udplite", "icmp", "icmpv6", "ipv6-icmp", "icmp6"})


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
    return word.startswith("--") or (len(word) == 2 and word[0] == "-" and word[1].isalpha())


def lower_line(words: Sequence[str], setting: Setting) -> tuple[Step, ...]:
    """The steps of a rule's words, without ``-A CHAIN``."""
    steps: list[Step] = []
    module, gathered = "", list[Option]()
    target: Option | None = None
    target_options: list[Option] = []
    for option in read_options(words):
        if option.name in GENERAL and target is None:
            general = replace(option, name=GENERAL[option.name])
            if general.name == "-p" and not general.negated and general.values:
                setting = replace(setting, protocol=general.values[0])
            steps += _general(general, setting)
        elif option.name in ("-j", "--jump", "-g", "--goto"):
            target = option
        elif option.name in ("-c", "--set-counters"):
            continue
        elif target is not None:
            target_options.append(option)
        elif option.name in ("-m", "--match"):
            if module or gathered:
                steps += _module(module, gathered, setting)
            module, gathered = (option.values or ("",))[0], []
        elif (
            option.name in OF_PROTOCOL
            and setting.protocol in IMPLIED
            and module not in (*IMPLIED, "multiport", "mport", "")
        ):
            steps += _module("", [option], setting)
        else:
            gathered.append(option)
    if module or gathered:
        steps += _module(module, gathered, setting)
    if target is not None and target.values:
        steps += lower_target(target.values[0], target_options, setting, goto=target.name in ("-g", "--goto"))
    elif target is not None:
        steps.append(Opaque("a jump to nowhere"))
    return tuple(steps)


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
