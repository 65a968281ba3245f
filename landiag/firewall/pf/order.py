"""The order in which pf's rules decide: quick ones as they stand, then the others from the last to the first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from msgspec import Struct, field

from landiag.firewall.pf.conditions import Entry, Setter
from landiag.firewall.pf.syntax import FILTER, PfRule, RuleLine
from landiag.model.match import Match

MAX_DEPTH = 16


class Gathering(Struct):
    """Sorts the rules of a direction by when they decide, anchors entered in their place."""

    anchors: Mapping[str, Body]
    unread: Sequence[str]
    conditions: Callable[[Entry, str], tuple[Match, ...]]
    direction: str
    quick: list[Entry] = field(default_factory=list)
    slow: list[Entry] = field(default_factory=list)
    tags: list[Setter] = field(default_factory=list)

    def take(
        self, items: Iterable[object], around: tuple[Match, ...], policy: str, path: str, depth: int
    ) -> None:
        """Add the rules among some items."""
        for item in items:
            if not isinstance(item, RuleLine | PfRule) or item.direction not in ("", self.direction):
                continue
            entry = Entry(item, around, policy, tags=self.tags, before=len(self.tags))
            if isinstance(item, RuleLine):
                (self.quick if item.quick else self.slow).append(entry)
            elif item.action == "anchor":
                self._anchor(entry, path, depth)
            elif item.action in FILTER:
                self._rule(entry, item)

    def _rule(self, entry: Entry, rule: PfRule) -> None:
        tag = rule.option("tag")
        if tag is not None:
            conditions = (*entry.around, *self.conditions(entry, self.direction))
            self.tags.append((conditions, tag))
        if rule.action != "match":
            (self.quick if rule.quick else self.slow).append(entry)

    def _anchor(self, entry: Entry, path: str, depth: int) -> None:
        rule = entry.rule
        name = f"{path}/{rule.name}".lstrip("/")
        contents = [("", rule.body)] if rule.body is not None else children(self.anchors, name)
        prefix = name.rstrip("*")
        unread = [one for one in self.unread if one == name or one.startswith(prefix)]
        if contents is None or depth > MAX_DEPTH or (unread and rule.body is None):
            entry.opaque = f'the rules of anchor "{unread[0] if unread else name}" were not read'
            self.quick.append(entry)
            return
        around = (*entry.around, *self.conditions(entry, self.direction))
        outer = self.slow
        self.slow = []
        for child, body in contents:
            self.take(body or (), around, entry.policy, child or name, depth + 1)
        inner, self.slow = self.slow, outer
        if rule.quick:
            self.quick += reversed(inner)
        else:
            self.slow += inner


Body = Sequence["PfRule | RuleLine"]


def children(anchors: Mapping[str, Body], name: str) -> list[tuple[str, Body | None]] | None:
    """The anchors that a name stands for; None where nobody knows them.

    ``x/*`` are those below x by their names' order: none where x itself was listed and they were not.
    """
    if not name.endswith("*"):
        return [(name, anchors[name])] if name in anchors else None
    prefix = name[:-1]
    below = sorted(one for one in anchors if one.startswith(prefix) and "/" not in one[len(prefix) :])
    return [(one, anchors[one]) for one in below] if below or prefix.rstrip("/") in anchors else None
