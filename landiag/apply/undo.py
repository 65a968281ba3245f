"""What landiag did, taken back: the last run first, in the reverse order, and only what is still as it left it."""

from __future__ import annotations

import sys

assert sys.platform == "linux"

from collections.abc import Sequence

from landiag.apply.change import take_back
from landiag.apply.edit import is_line, remove_unfinished, replace_line
from landiag.apply.entries import Edited, Entry, Restarted
from landiag.apply.journal import Journal, boot_id
from landiag.apply.restart import take_back_restart


def last_run(entries: Sequence[Entry]) -> tuple[Entry, ...]:
    """The entries of the latest run, in the order in which they are taken back."""
    latest = entries[-1].run if entries else ""
    return undo_order([entry for entry in entries if entry.run == latest])


def undo_order(entries: Sequence[Entry]) -> tuple[Entry, ...]:
    """The last change first, but a server after the edit of what it reads."""

    def place(entry: Entry) -> tuple[int, bool, str]:
        return entry.fix, not isinstance(entry.change, Restarted), entry.id

    return tuple(sorted(entries, key=place, reverse=True))


def take_back_entry(entry: Entry, journal: Journal) -> bool:
    """Take one change back and forget it. False where it was gone already.

    Raises CannotApply where the machine is not as landiag left it; the entry stays then.
    """
    is_of_this_start = entry.boot == boot_id() or not entry.is_gone_with_start
    undone = is_of_this_start and _take_back(entry, journal)
    journal.remove(entry)
    return undone


def _take_back(entry: Entry, journal: Journal) -> bool:
    change = entry.change
    if isinstance(change, Edited):
        remove_unfinished(change.file)
        if is_line(change.file, change.line, change.before):
            return False
        replace_line(change.file, change.line, change.after, change.before)
        return True
    if isinstance(change, Restarted):
        return take_back_restart(entry, change, journal)
    return take_back(entry, change)
