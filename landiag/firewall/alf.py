"""The application firewall of macOS (ALF): what `socketfilterfw` says, lowered to one chain.

It judges programs, never ports: off passes everything, block-all stops everything but the system's own, an
entry for the program decides, and signed programs may pass by themselves. What has neither an entry nor a
signature that counts waits for somebody to answer a prompt, and until then gets nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from enum import Enum

from msgspec import Struct

from landiag.firewall.launchd import service_of
from landiag.model.action import Opaque, Stop, Verdict
from landiag.model.facts import ParseError
from landiag.model.match import InRanges, Match, UnknownMatch
from landiag.model.operands import Fields
from landiag.model.packet import CT_STATES
from landiag.model.regex import regex
from landiag.model.ruleset import Chain, Hook, Rule, Ruleset, Step, TableKey

BACKEND = "alf"
BLOCKS_ALL = 2
"""The state in which everything is blocked but the services of the system itself."""
KEY: TableKey = (BACKEND, "inet", "application firewall")

_STATE = regex(r"\(State = (\d)\)", re.IGNORECASE)
_STATE_WORDS = regex(r"Firewall is (enabled|disabled|blocking)", re.IGNORECASE)
_BLOCK_ALL = regex(r"block all(?: state set to)?\s+(enabled|disabled)", re.IGNORECASE)
_STEALTH = regex(r"stealth mode(?: is)?\s+(on|off|enabled|disabled)", re.IGNORECASE)
_SIGNED = regex(r"allow (built-in|downloaded) signed software\s+(ENABLED|DISABLED)", re.IGNORECASE)
_COUNT = regex(r"(?:ALF\s*:\s*)?total number of app(?:lication)?s\s*=\s*(\d+)", re.IGNORECASE)
_ENTRY = regex(r"^\s*\d+\s*:\s*(\S.*?)\s*$")
_VERDICT = regex(
    r"^(?:\s*\d+\s*:\s*(?P<path>\S.*?))?\s*\(\s*(?P<verdict>Allow|Block) incoming", re.IGNORECASE
)
_ON = ("enabled", "on")
_SYSTEM_FOLDERS = ("/system/", "/usr/bin/", "/usr/sbin/", "/usr/libexec/", "/bin/", "/sbin/")


class Signature(str, Enum):
    """Who signed a program, as ALF counts it."""

    APPLE = "apple"
    DEVELOPER = "developer"
    NONE = "none"  # not at all, or "ad hoc": by nobody


class Alf(Struct, frozen=True):
    """What was read of the application firewall. None: not read.

    ``state`` is 0 off, 1 on, 2 block all. ``apps`` are the entries: a path and whether it is allowed.
    ``problems`` are sentences about what was not understood.
    """

    state: int | None = None
    block_all: bool | None = None
    stealth: bool | None = None
    allows_builtin: bool | None = None
    allows_downloaded: bool | None = None
    apps: tuple[tuple[str, bool], ...] | None = None
    problems: tuple[str, ...] = ()

    def under(self, other: Alf) -> Alf:
        """This, with what another text of the same machine says besides."""
        kept = {
            name: getattr(other, name) for name in Alf.__struct_fields__ if getattr(other, name) is not None
        }
        kept["problems"] = (*self.problems, *other.problems)
        return Alf(**{**{name: getattr(self, name) for name in Alf.__struct_fields__}, **kept})


def is_alf(text: str) -> bool:
    """Whether a text is what socketfilterfw or system_profiler says of the application firewall."""
    return '"SPFirewallDataType"' in text or any(
        sign.search(text) for sign in (_STATE_WORDS, _COUNT, _BLOCK_ALL, _SIGNED)
    )


def parse_alf(text: str) -> Alf:
    """One or more answers of socketfilterfw, of any version. Raises ParseError when there is none."""
    if text.lstrip().startswith("{"):
        return _parse_profiler(text)
    if not is_alf(text) and _STEALTH.search(text) is None:
        raise ParseError("not what socketfilterfw says")
    signed = {found[1].lower(): found[2].upper() == "ENABLED" for found in _SIGNED.finditer(text)}
    apps, problems = _parse_apps(text)
    return Alf(
        state=_state(text),
        block_all=_switch(_BLOCK_ALL, text),
        stealth=_switch(_STEALTH, text),
        allows_builtin=signed.get("built-in"),
        allows_downloaded=signed.get("downloaded"),
        apps=apps,
        problems=problems,
    )


def _state(text: str) -> int | None:
    number = _STATE.search(text)
    if number:
        return int(number[1])
    word = _STATE_WORDS.search(text)
    return None if word is None else {"disabled": 0, "enabled": 1, "blocking": 2}[word[1].lower()]


def _switch(pattern: re.Pattern[str], text: str) -> bool | None:
    found = pattern.search(text)
    return None if found is None else found[1].lower() in _ON


def _parse_apps(text: str) -> tuple[tuple[tuple[str, bool], ...] | None, tuple[str, ...]]:
    """The entries of --listapps: a numbered path, its verdict on the same or the next line."""
    count = _COUNT.search(text)
    if count is None:
        return None, ()
    apps: list[tuple[str, bool]] = []
    path: str | None = None
    for line in text[count.end() :].splitlines():
        verdict = _VERDICT.match(line)
        if verdict:
            path = verdict["path"] or path
            if path is not None:
                apps.append((path, verdict["verdict"].lower() == "allow"))
            path = None
        elif found := _ENTRY.match(line):
            path = found[1]
    if len(apps) == int(count[1]):
        return tuple(apps), ()
    return tuple(apps), (f"the list says {count[1]} programs and shows {len(apps)}",)


def _parse_profiler(text: str) -> Alf:
    """`system_profiler SPFirewallDataType -json`."""
    try:
        found = json.loads(text)["SPFirewallDataType"][0]
        mode = str(found["spfirewall_globalstate"])
        apps = dict(found.get("spfirewall_applications") or {})
    except (ValueError, KeyError, IndexError, TypeError, RecursionError) as error:
        raise ParseError(f"not what system_profiler says of the firewall: {error}") from error
    known = {"allow_all": 0, "limit_connections": 1, "block_all": 2}
    state = next((number for word, number in known.items() if mode.endswith(word)), None)
    stealth = found.get("spfirewall_stealthenabled")
    return Alf(
        state=state,
        block_all=None if state is None else state == 2,
        stealth=None if stealth is None else stealth == "Yes",
        apps=tuple((str(path), str(word).endswith("allow_all")) for path, word in apps.items()),
    )


def is_entry_of(path: str, program: str) -> bool:
    """Whether an entry is for this program: its own path, its bundle, or another program of the same service."""
    bundle = path.rstrip("/")
    if program == bundle or (bundle.endswith(".app") and program.startswith(bundle + "/")):
        return True
    services = service_of(program)
    return bundle in services or any(
        one.startswith(bundle + "/") for one in services if bundle.endswith(".app")
    )


class Entry(Match, Struct, frozen=True):
    """The program is the entry's, or lies in its bundle."""

    path: str
    text: str

    def test(self, fields: Fields) -> bool | None:
        """Compare paths; a bundle holds everything below it."""
        program = fields["program"]
        if not isinstance(program, str):
            return None
        return is_entry_of(self.path, program)


class SignedBy(Match, Struct, frozen=True):
    """Who signed the program: by what was read of its signature, else by the folder it is in."""

    wanted: Signature
    known: tuple[tuple[str, Signature], ...]
    text: str

    def test(self, fields: Fields) -> bool | None:
        """Apple's own programs lie in folders that nobody else can write."""
        program = fields["program"]
        if not isinstance(program, str):
            return None
        signature = dict(self.known).get(program)
        if signature is None and program.lower().startswith(_SYSTEM_FOLDERS):
            signature = Signature.APPLE
        return None if signature is None else signature is self.wanted


def lower_alf(alf: Alf, signatures: Mapping[str, Signature] | None = None) -> Ruleset:
    """The chain that does what the application firewall does. ``signatures`` are those that were read, by path."""
    rules = tuple(Rule(at, text, steps) for at, (text, steps) in enumerate(_lines(alf, signatures or {}), 1))
    chain = Chain(*KEY, "incoming", rules, Hook("input", 10), Verdict.DROP)
    return Ruleset({KEY: {"incoming": chain}})


def _lines(alf: Alf, signatures: Mapping[str, Signature]) -> list[tuple[str, tuple[Step, ...]]]:
    states = InRanges("ct state", ((CT_STATES["established"],) * 2, (CT_STATES["related"],) * 2))
    accept, drop = Stop(Verdict.ACCEPT), Stop(Verdict.DROP)
    lines: list[tuple[str, tuple[Step, ...]]] = [("connections that are open already", (states, accept))]
    if alf.state == 0:
        return [("the application firewall is off", (accept,))]
    if alf.state is None:
        text = "whether the application firewall is on was not read"
        lines.append((text, (UnknownMatch(text), accept)))
    if alf.block_all or alf.state == BLOCKS_ALL:
        return [*lines, ("all incoming connections are blocked", (drop,))]
    if alf.apps is None or alf.problems:
        reason = "; ".join(alf.problems) or "the list of programs was not read"
        lines.append((reason, (Opaque(reason),)))
    for path, allowed in sorted(
        alf.apps or (), key=lambda entry: entry[1]
    ):  # an entry that blocks counts first
        word = "Allow" if allowed else "Block"
        lines.append(
            (f"{path} ({word} incoming connections)", (Entry(path, path), accept if allowed else drop))
        )
    known = tuple(signatures.items())
    for allows, who, text in (
        (alf.allows_builtin, Signature.APPLE, "built-in signed software"),
        (alf.allows_downloaded, Signature.DEVELOPER, "downloaded signed software"),
    ):
        if allows is not False:
            doubt = () if allows else (UnknownMatch(f"whether {text} is allowed was not read"),)
            lines.append((f"{text} is allowed automatically", (SignedBy(who, known, text), *doubt, accept)))
    lines.append(("the program has no entry, and nobody has answered the prompt", (drop,)))
    return lines


def parse_signature(text: str) -> Signature:
    """`codesign -d -r- PATH`: the designated requirement. Raises ParseError when it shows none."""
    found = re.search(r"designated => (.*)", text)
    if found is None:
        raise ParseError("no designated requirement in it")
    if "cdhash" in found[1]:
        return Signature.NONE
    if "anchor apple generic" in found[1] or "certificate leaf" in found[1]:
        return Signature.DEVELOPER
    return Signature.APPLE if "anchor apple" in found[1] else Signature.NONE
