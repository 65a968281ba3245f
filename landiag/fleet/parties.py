"""Who the names of a policy are: recorded hosts and zones, and names that no recording bears."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase

from msgspec import Struct

from landiag.fleet.hosts import Host
from landiag.fleet.policy import Policy, PolicyError, nearest
from landiag.model.regex import regex

_INVENTORY = "inventory:"
_GLOB = regex(r"[*?\[]")


class Parties(Struct, frozen=True):
    """Hosts and zones by name; ``missing`` are names that are neither."""

    hosts: tuple[str, ...] = ()
    zones: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()

    def without(self, other: Parties) -> Parties:
        """The same without those that are in another."""
        return Parties(
            tuple(one for one in self.hosts if one not in other.hosts),
            tuple(one for one in self.zones if one not in other.zones),
            self.missing,
        )


def find_parties(policy: Policy, hosts: Iterable[Host], words: Iterable[str]) -> Parties:
    """Find who the words of an expectation are.

    Raises PolicyError for a word that is near a group's or zone's name, or that may mean several things.
    """
    known = tuple(hosts)
    names: dict[str, None] = {}
    zones: dict[str, None] = {}
    missing: dict[str, None] = {}
    for word in words:
        _refuse_ambiguous(policy, word, known)
        if word in policy.zones:
            zones[word] = None
            continue
        for inner in policy.groups.get(word, (word,)):
            found = _matching(inner, known)
            names.update(dict.fromkeys(found))
            if not found:
                _refuse_misspelt(policy, inner, known)
                missing[inner] = None
    return Parties(tuple(names), tuple(zones), tuple(missing))


def _matching(word: str, hosts: tuple[Host, ...]) -> list[str]:
    exact = [host.name for host in hosts if host.name == word]
    if exact:
        return exact
    if word.startswith(_INVENTORY):
        return [host.name for host in hosts if word.removeprefix(_INVENTORY) in host.groups]
    if _GLOB.search(word):
        return [host.name for host in hosts if fnmatchcase(host.name, word)]
    return []


def _refuse_ambiguous(policy: Policy, word: str, hosts: tuple[Host, ...]) -> None:
    """A zone or a group may not hide a recorded host, and a group holds hosts alone."""
    group = policy.groups.get(word, ())
    recorded = {host.name for host in hosts}
    is_hidden = word in recorded and (word in policy.zones or (group and word not in group))
    if is_hidden:
        kind = "group" if group else "zone"
        raise PolicyError(f"{word} is both a {kind} and a recorded host: rename the {kind}")
    for inner in group:
        if inner not in recorded and inner in {*policy.groups, *policy.zones}:
            raise PolicyError(
                f"group {word} holds {inner}, which is no host but a group or zone: write its hosts"
            )


def _refuse_misspelt(policy: Policy, word: str, hosts: tuple[Host, ...]) -> None:
    if word.startswith(_INVENTORY):
        groups = sorted({group for host in hosts for group in host.groups})
        group = word.removeprefix(_INVENTORY)
        raise PolicyError(f"the inventory has no group {group!r}{nearest(group, groups)}")
    if _GLOB.search(word) or nearest(word, [host.name for host in hosts]):
        return
    hint = nearest(word, [*policy.groups, *policy.zones])
    if hint:
        raise PolicyError(f"{word!r} is neither a group, a zone nor a recorded host{hint}")
