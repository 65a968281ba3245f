"""System extensions of macOS out of `systemextensionsctl list`, and what is known of them (extensions.toml)."""

from __future__ import annotations

from enum import Enum
from functools import lru_cache

from msgspec import Struct

from landiag.knowledge.tables import read_tables
from landiag.model.facts import ParseError
from landiag.model.regex import regex
from landiag.model.strict import only_words


class Work(Enum):
    """What a network extension does with connections."""

    FILTER = "filter"
    TUNNEL = "tunnel"
    UNKNOWN = "unknown"


class Extension(Struct, frozen=True):
    """One extension. ``category`` is the end of its heading (``network_extension``, ``endpoint_security``...)."""

    category: str
    identifier: str
    name: str
    active: bool
    line: str

    @property
    def work(self) -> Work:
        """What it does, as far as its name is known."""
        known, words = _known(), f"{self.identifier} {self.name}".lower()
        if any(word in words for word in known["filters"]):
            return Work.FILTER
        return Work.TUNNEL if any(word in words for word in known["tunnels"]) else Work.UNKNOWN


@lru_cache(maxsize=1)
def _known() -> dict[str, list[str]]:
    return read_tables("extensions.toml")


def parse_extensions(text: str) -> tuple[Extension, ...]:
    """Every row: ``enabled, active, teamID, bundleID (version), name, [state]``, below the heading of its kind.

    Without a heading its kind is taken to be the network's: an older macOS prints none. Raises ParseError for a
    line that is none, and where not as many are shown as it says.
    """
    category, found, said = "network_extension", list[Extension](), 0
    for line in text.splitlines():
        around = _AROUND.fullmatch(line)
        if around:
            said += int(around[1] or 0)
            continue
        if line.startswith("---"):
            category = line.strip("- ").partition(" ")[0].rpartition(".")[2]
            only_words((category,), _CATEGORIES, "the kinds of system extensions")
            continue
        cells = [cell.strip() for cell in line.split("\t")]
        state = cells[-1]
        if len(cells) < 3 or state not in _STATES:
            raise ParseError(f"not a system extension: {line[:60]!r}")
        identifier = cells[-3].partition(" ")[0]
        found.append(Extension(category, identifier, cells[-2], state == "[activated enabled]", line.strip()))
    if said != len(found):
        raise ParseError(f"it says {said} extensions and shows {len(found)}")
    return tuple(found)


_AROUND = regex(r"\s*|(\d+) extension\(s\)\s*|enabled\t.*")
_CATEGORIES = frozenset(("network_extension", "endpoint_security", "driver_extension", "cmio"))
_STATES = frozenset((
    "[activated enabled]", "[activated disabled]", "[activated waiting for user]", "[activated waiting to upgrade]",
    "[terminated waiting to uninstall on reboot]", "[terminated waiting for user]",
))  # fmt: skip
"""What becomes of an extension; a word that is none of these may be any of them."""
