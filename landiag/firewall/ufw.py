"""ufw's own numbers for its rules: which rule of ``ufw status numbered`` put a rule into its chains.

ufw writes each of its rules into /etc/ufw/user.rules (user6.rules) as a comment, ``### tuple ### ACTION
PROTOCOL DPORT DESTINATION SPORT SOURCE [DAPP SAPP] DIRECTION``, above the lines for iptables-restore that it makes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from ipaddress import ip_network
from urllib.parse import unquote

from msgspec import Struct

from landiag.model.facts import File

USER_RULES = File("/etc/ufw/user.rules", needs_root=True)
USER_RULES6 = File("/etc/ufw/user6.rules", needs_root=True)

_TUPLE = "### tuple ### "
_PLAIN, _WITH_APPLICATIONS = 7, 9
_NOTHING = ("any", "-", "")

Labels = Mapping[str, tuple[str, ...]]
"""For each chain, who each of its rules comes from, in order: ``ufw rule 3 (deny 5000/tcp)``."""


class _Tuple(Struct, frozen=True):
    """One rule of ufw, field by field as the file has it."""

    action: str
    protocol: str
    port: str
    destination: str
    source_port: str
    source: str
    application: str
    source_application: str
    direction: str

    @property
    def shown_once(self) -> object:
        """What rules of one application profile have in common: ``ufw status`` shows them as one."""
        if self.application in _NOTHING and self.source_application in _NOTHING:
            return None
        ports = (
            self.application.strip("-") or self.port,
            self.source_application.strip("-") or self.source_port,
        )
        return (*ports, self.destination, self.source, self.direction)


def parse_user_rules(text: str, first: int = 1) -> tuple[Labels, int]:
    """Read user.rules. Returns the labels, and the number of the rule that comes next (those of user6.rules)."""
    labels: dict[str, list[str]] = {}
    seen: set[object] = set()
    number, label = first - 1, ""
    for line in text.splitlines():
        if line.startswith(_TUPLE):
            rule = _parse_tuple(line)
            shown = rule and rule.shown_once
            if shown is None or shown not in seen:
                number += 1
            seen.add(shown)
            label = f"ufw rule {number} ({_describe(rule)})" if rule else f"ufw rule {number}"
        elif line.startswith("### END RULES"):
            label = ""
        elif line.startswith("-A ufw") and label:
            labels.setdefault(line.split()[1], []).append(label)
    return {chain: tuple(found) for chain, found in labels.items()}, number + 1


def label_files(texts: Iterable[str]) -> Labels:
    """The labels of user.rules and user6.rules; none for user6.rules alone, whose numbers begin where others end."""
    labels: dict[str, tuple[str, ...]] = {}
    number = None
    for text in sorted((text for text in texts if _TUPLE in text), key=lambda text: ":ufw6-" in text):
        if ":ufw6-" in text and number is None:
            break
        found, number = parse_user_rules(text, number or 1)
        labels.update(found)
    return labels


def _parse_tuple(line: str) -> _Tuple | None:
    words = line.removeprefix(_TUPLE).partition(" comment=")[0].split()
    if len(words) == _PLAIN:
        words[6:6] = ["-", "-"]
    return _Tuple(*words) if len(words) == _WITH_APPLICATIONS else None


def _describe(rule: _Tuple) -> str:
    """Say a rule as a person would type it: ``deny 5000/tcp``, ``deny from 192.168.77.20``."""
    return " ".join(_words(rule))


def _words(rule: _Tuple) -> Iterator[str]:
    is_routed = rule.action.startswith("route:")
    yield rule.action.removeprefix("route:").partition("_")[0]
    if is_routed:
        yield "routed"
    elif rule.direction.startswith("out"):
        yield "out"
    port = _port(rule.application, rule.port, rule.protocol)
    source_port = _port(rule.source_application, rule.source_port, rule.protocol)
    if port:
        yield port
    if not _is_anywhere(rule.destination):
        yield f"to {rule.destination}"
    if not _is_anywhere(rule.source):
        yield f"from {rule.source}"
    if source_port:
        yield f"from port {source_port}"
    for part in rule.direction.split("!"):
        if "_" in part:
            yield f"on {part.partition('_')[2]}"
    if not port and not source_port and _is_anywhere(rule.destination) and _is_anywhere(rule.source):
        yield "anywhere"


def _port(application: str, port: str, protocol: str) -> str:
    if application not in _NOTHING:
        return unquote(application)
    if port in _NOTHING:
        return ""
    return port if protocol == "any" else f"{port}/{protocol}"


def _is_anywhere(network: str) -> bool:
    try:
        return ip_network(network, strict=False).prefixlen == 0
    except ValueError:
        return False
