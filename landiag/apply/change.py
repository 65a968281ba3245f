"""One change to this machine, made and taken back: looked at before, journalled, then done, then looked at again."""

from __future__ import annotations

import sys

assert sys.platform == "linux"

from msgspec.structs import replace

from landiag.apply import CannotApply
from landiag.apply.entries import Entry, State
from landiag.apply.look import Seen, look
from landiag.model.changes import (
    Change,
    IptablesRule,
    LinkSetting,
    MainTableRule,
    NftRule,
    RefusingRoute,
    Sysctl,
    UfwRule,
    UnicastRoute,
)
from landiag.model.changes_firewalld import FirewalldDirectRule, FirewalldRule
from landiag.prove.tools import ToolError, run_tool

_SECONDS = 30.0
"""ufw and firewall-cmd are Python programs that start others: on a busy machine they take their time."""


def places_before(change: Change) -> tuple[int, ...]:
    """Where the same stands already. Raises CannotApply where things are not as they were when they were read."""
    seen = look(change)
    if isinstance(change, Sysctl | LinkSetting) and seen.value != change.before:
        what = change.name if isinstance(change, Sysctl) else f"{change.setting} of {change.interface}"
        raise CannotApply(f"{what} is {seen.value} now: it was {change.before} when landiag looked")
    if isinstance(change, RefusingRoute | UnicastRoute) and len(seen.places) != 1:
        raise CannotApply(f"the route {' '.join(change.words)} is not there any more")
    return seen.places


def make(change: Change) -> None:
    """Make a change. Raises CannotApply with what the program said."""
    _run(change.argv)


def has_changed(entry: Entry, change: Change) -> bool:
    """Whether the change is there now: some programs skip a rule that they have already."""
    seen = look(change)
    if isinstance(change, Sysctl | LinkSetting):
        return seen.value == change.after
    return seen.places != entry.before


def take_back(entry: Entry, change: Change) -> bool:
    """Remove what a change added, and nothing else. False where it was gone already.

    Raises CannotApply where the machine is not as landiag left it.
    """
    seen = look(change)
    argv = _undo_argv(entry, change, seen)
    if argv is None:
        return False
    _run(argv)
    after = look(change)
    if isinstance(change, Sysctl | LinkSetting):
        undone = after.value == change.before
    else:
        undone = len(after.places) == len(entry.before)
    if not undone:
        raise CannotApply("it is still there although the command to undo it ran")
    return True


def _undo_argv(entry: Entry, change: Change, seen: Seen) -> tuple[str, ...] | None:
    match change:
        case NftRule():
            return _undo_nft(entry, change, seen)
        case IptablesRule():
            return _undo_iptables(entry, change, seen)
        case UfwRule() | FirewalldRule() | FirewalldDirectRule() | MainTableRule():
            return change.undo_argv if len(seen.places) > len(entry.before) else None
        case RefusingRoute() | UnicastRoute():
            return None if seen.places else change.undo_argv
        case Sysctl() | LinkSetting():
            if seen.value == change.after:
                return change.undo_argv
            if seen.value == change.before:
                return None
            raise CannotApply(f"it is {seen.value} now, neither {change.before} nor {change.after}")


def _undo_nft(entry: Entry, rule: NftRule, seen: Seen) -> tuple[str, ...] | None:
    """Only a rule that was not there before, and where its handle is known only that one."""
    added = [handle for handle in seen.places if handle not in entry.before]
    if entry.state is State.DONE:
        added = [handle for handle in added if handle == rule.handle]
    if len(added) > 1:
        raise CannotApply(
            f"the chain holds {len(added)} rules like it, and which one is landiag's is not known"
        )
    return replace(rule, handle=added[0]).undo_argv if added else None


def _undo_iptables(entry: Entry, rule: IptablesRule, seen: Seen) -> tuple[str, ...] | None:
    """Rules have no names: among equal ones, landiag's is the one that went in between the others at its place."""
    more = len(seen.places) - len(entry.before)
    if more <= 0:
        return None
    if more > 1:
        raise CannotApply(
            f"the chain holds {more} more rules like it, and which one is landiag's is not known"
        )
    if not entry.before:
        return rule.undo_argv
    earlier = [one for one in entry.before if rule.position is None or one < rule.position]
    return rule.ask("-D", rule.chain, str(seen.places[len(earlier)]))


def added_handle(entry: Entry, rule: NftRule) -> NftRule:
    """The rule with the handle that it has now."""
    added = [handle for handle in look(rule).places if handle not in entry.before]
    if len(added) != 1:
        raise CannotApply("the new rule is not in its chain")
    return replace(rule, handle=added[0])


def _run(argv: tuple[str, ...]) -> None:
    try:
        run_tool(argv, seconds=_SECONDS)
    except ToolError as error:
        raise CannotApply(str(error)) from error
