"""Names of hosts, domains, users and wireless networks, each replaced by the same word everywhere."""

from __future__ import annotations

import re

from msgspec import Struct, field

from landiag.model.regex import regex
from landiag.redact.vocabulary import KEPT_HOSTS, KEPT_USERS, TOP_DOMAINS, vocabulary

_DOMAIN_END = regex(r"\.[A-Za-z]{2,}(?![\w-]|\.[A-Za-z])")
_NAME_CHARS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.")
_HOME = regex(
    r"(?P<before>(?<![\w.-])/(?:var/|export/|data/)?home/|/Users/|(?<=[A-Za-z]:)[\\/]{1,2}Users[\\/]{1,2}|~(?=[a-z][\w.-]*/))"
    r"(?P<name>[^\s/\\:;,\"'<>|*?]+)"
)
_OWNER = regex(r"(?P<before>\bpid \d+ user )(?P<name>\S+)")  # the evidence of a report
_AT = regex(r"(?<![\w.+-])(?P<user>[A-Za-z_][\w.+-]*)@(?P<host>[A-Za-z0-9][\w.-]*)")
_SSID = regex(
    r"(?im)^(?P<before>[ \t]*(?:B?SSID(?: \d+)?|ESSID|ssid)[ \t]*[:=][ \t]*\"?)(?P<name>[^\"\r\n]+?)(?=\"?\s*$)"
)
_SHORTEST = 3


class NameMap(Struct):
    """Collects names, then replaces them."""

    hosts: dict[str, str] = field(default_factory=dict)
    users: dict[str, str] = field(default_factory=dict)
    networks: dict[str, str] = field(default_factory=dict)
    _full: dict[str, str] = field(default_factory=dict)
    _parts: dict[str, str] = field(default_factory=dict)

    def host(self, name: str) -> str:
        """Give the new name of a host; addresses, loopback names and empty ones stay."""
        low = name.strip(".").lower()
        if (
            not low
            or low in KEPT_HOSTS
            or not re.search(r"[a-z_]", low)
            or ":" in low
            or not low.isprintable()
            or low.endswith((".in-addr.arpa", ".ip6.arpa"))  # an address, backwards
        ):
            return name
        if low in self._full.values():
            return name
        if low not in self._full:
            self._full[low] = self._new_host(low)
        return self._full[low]

    def _new_host(self, name: str) -> str:
        labels = name.split(".")
        if len(labels) == 1:
            return self._label(name, "host")
        last = labels[-1] if labels[-1] in TOP_DOMAINS else self._label(labels[-1], "domain")
        first = self._label(labels[0], "host")
        return ".".join([first, *(self._label(label, "domain") for label in labels[1:-1]), last])

    def _label(self, label: str, kind: str) -> str:
        if label in ("*", "www", "") or label.startswith("_") or label in self._parts.values():
            return label
        if label.isdigit():  # 192.168.1.10.nip.io: an address in a name is replaced as an address
            return label
        if label not in self._parts:
            self._parts[label] = _choose(kind, self._parts, self.users)
            if kind == "host":
                self.hosts[label] = self._parts[label]
        elif kind == "host":
            self.hosts[label] = self._parts[label]
        return self._parts[label]

    def user(self, name: str) -> str:
        """Give the new name of a user; accounts that every system has stay. ``DOMAIN\\\\user`` is two names."""
        if "\\" in name:
            domain, _, rest = name.partition("\\")
            known = domain.lower() in (
                "nt authority",
                "builtin",
                "nt service",
                "font driver host",
                "window manager",
            )
            return f"{domain if known else self.host(domain)}\\{name if known else self.user(rest)}"
        low = name.lower()
        if not low or low in KEPT_USERS or low.isdigit() or low in self.users.values():
            return name
        if low not in self.users:
            self.users[low] = _choose("user", self._parts, self.users)
        return self.users[low]

    def network(self, name: str) -> str:
        """Give the new name of a wireless network."""
        if not name.strip() or name in self.networks.values():
            return name
        return self.networks.setdefault(name, f"wireless{len(self.networks) + 1}")

    def collect(self, text: str) -> None:
        """Find names in a text by what stands around them: home folders, user@host, names with a known ending."""
        if "ome/" in text or "sers" in text or "~" in text:
            for match in _HOME.finditer(text):
                self.user(match["name"])
        for match in _OWNER.finditer(text) if "pid " in text else ():
            self.user(match["name"])
        if "@" in text:
            for match in _AT.finditer(text):
                self._collect_at(match["user"], match["host"].rstrip("."))
        if "SSID" in text or "ssid" in text:
            for match in _SSID.finditer(text):
                self.network(match["name"])
        for name in find_domains(text):
            self.host(name)

    def _collect_at(self, user: str, host: str) -> None:
        last = host.lower().rpartition(".")[2]
        if last in ("service", "socket", "slice", "scope", "timer", "target"):  # units of systemd
            return
        if host.lower() in self._parts or last in TOP_DOMAINS or not host.replace(".", "").isdigit():
            self.user(user)
            if not host.replace(".", "").isdigit():
                self.host(host)

    def apply(self, text: str) -> str:
        """Replace every name in a text: whole words, and in home folders and SSIDs also those of the vocabulary."""
        if "ome/" in text or "sers" in text or "~" in text:
            text = _HOME.sub(lambda match: match["before"] + self.user(match["name"]), text)
        if "pid " in text:
            text = _OWNER.sub(lambda match: match["before"] + self.user(match["name"]), text)
        if "SSID" in text or "ssid" in text:
            text = _SSID.sub(lambda match: match["before"] + self.network(match["name"]), text)
        low = text.lower()
        if len(low) != len(text):
            low = text = text.lower()
        found = [place for name, new in self._words() for place in _places(low, name, new)]
        return _replaced(text, found) if found else text

    def shows(self, text: str) -> bool:
        """Whether a name that was collected is still in a text."""
        low = text.lower()
        if any(name in low and _places(low, name, new) for name, new in self._words()):
            return True
        return any(match["name"].lower() in self.users for match in _HOME.finditer(text))

    def _words(self) -> list[tuple[str, str]]:
        """Every name that may be replaced anywhere, the longer ones first."""
        dotted = {name: new for name, new in self._full.items() if "." in name}
        single = {**self.hosts, **self.users}
        plain = {
            name: new for name, new in single.items() if len(name) >= _SHORTEST and name not in vocabulary()
        }
        networks = {name.lower(): new for name, new in self.networks.items() if len(name) >= _SHORTEST}
        words = {**networks, **plain, **dotted}
        return sorted(words.items(), key=lambda pair: -len(pair[0]))

    @property
    def known(self) -> dict[str, dict[str, str]]:
        """Every name with its new one, by kind."""
        return {"hosts": dict(self._full), "users": dict(self.users), "networks": dict(self.networks)}


def _choose(kind: str, *taken: dict[str, str]) -> str:
    """The next free word of a kind, which is nobody's old name either."""
    every = {word for names in taken for pair in names.items() for word in pair}
    return next(word for number in range(1, 1 << 20) if (word := f"{kind}{number}") not in every)


def find_domains(text: str) -> set[str]:
    """Find the words with dots that can only be names of hosts or domains, by their ending."""
    found = set()
    for match in _DOMAIN_END.finditer(text):
        if match[0][1:].lower() not in TOP_DOMAINS:
            continue
        start = match.start()
        while start > 0 and text[start - 1] in _NAME_CHARS:
            start -= 1
        name = text[start : match.end()].strip("-_.")
        before = text[start - 1 : start]
        is_path = before in ("/", "\\", "%") and text[max(0, start - 3) : start] != "://"
        if start < match.start() and not is_path and re.search(r"[A-Za-z]", name.rpartition(".")[0]):
            found.add(name.lower())
    return found


def _places(low: str, name: str, new: str) -> list[tuple[int, int, str]]:
    """Where a name stands as a whole word."""
    places, at = [], low.find(name)
    while at >= 0:
        end = at + len(name)
        if not low[at - 1 : at].isalnum() and not low[end : end + 1].isalnum():
            places.append((at, end, new))
        at = low.find(name, end)
    return places


def _replaced(text: str, places: list[tuple[int, int, str]]) -> str:
    """Write the new words; of two that overlap, the longer name."""
    places.sort(key=lambda place: (place[0], -place[1]))
    pieces, position = [], 0
    for start, end, new in places:
        if start >= position:
            pieces += [text[position:start], new]
            position = end
    return "".join([*pieces, text[position:]])
