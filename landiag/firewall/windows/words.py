"""The words of `netsh advfirewall` by language, from knowledge/netsh.toml."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

from msgspec import Struct

from landiag.knowledge.tables import read_tables

_GROUPS: Mapping[str, Sequence[str]] = {
    "enabled": ("yes", "no"),
    "direction": ("in", "out"),
    "action": ("allow", "block", "bypass"),
    "profiles": ("domain", "private", "public"),
    "any": ("any",),
    "security": ("not_required",),
    "source": ("group_policy",),
    "state": ("on", "off"),
    "switch": ("enable", "disable"),
    "interface_type": ("lan", "wireless", "remoteaccess"),
}


class Words(Struct, frozen=True):
    """``labels`` and ``values`` (by group) lead from a normalised word to what it means.

    ``sections`` are the titles of profiles, lower case, longest first. ``all`` are the words as written: what
    tells one code page from another.
    """

    labels: Mapping[str, str]
    values: Mapping[str, Mapping[str, str]]
    sections: tuple[tuple[str, str], ...]
    all: tuple[str, ...]

    def label(self, text: str) -> str | None:
        """Which field a label names; None for an unknown one."""
        return self.labels.get(normal(text))

    def value(self, group: str, text: str) -> str | None:
        """What a value means in a group; None for an unknown one."""
        return self.values[group].get(normal(text))

    def is_any(self, text: str) -> bool:
        """Whether a value says "any"."""
        return normal(text) in self.values["any"]


def normal(word: str) -> str:
    """A word as it is compared: without case, blanks, hyphens and colons."""
    kept = (letter for letter in word.casefold() if not letter.isspace() and letter not in "-:：'’\"()")
    return "".join(kept)


@lru_cache(maxsize=1)
def words() -> Words:
    """Everything in the file."""
    known = read_tables("netsh.toml")
    spoken = {**known["values"], **known["states"]}
    sections = [(title.lower(), name) for name, titles in known["sections"].items() for title in titles]
    return Words(
        labels={normal(word): name for name, said in known["labels"].items() for word in said},
        values={
            group: {normal(word): name for name in names for word in spoken[name]}
            for group, names in _GROUPS.items()
        },
        sections=tuple(sorted(sections, key=lambda pair: -len(pair[0]))),
        all=tuple(
            word
            for table in (known["labels"], spoken, known["sections"])
            for said in table.values()
            for word in said
            if not word.isascii()
        ),
    )
