"""The doing half of ``landiag undo``: the journal read, shown, and taken back entry by entry."""

from __future__ import annotations

import sys

assert sys.platform == "linux"

import os
import shlex
from collections.abc import Iterable, Sequence
from itertools import groupby

from landiag.apply import CannotApply
from landiag.apply.entries import Edited, Entry, Restarted
from landiag.apply.journal import ROOTS_FOLDER, Journal, open_journal
from landiag.apply.undo import last_run, take_back_entry
from landiag.cli.files.outputs import Stop
from landiag.cli.fixing.asking import ask, say
from landiag.model.lines import undo_line
from landiag.terminal import terminal_style

UNDONE, NOT_POSSIBLE, NOTHING = 0, 1, 2


def undo_last_run(*, yes: bool, forget: bool) -> int:
    """Show what the last run did, ask, and take it back, or forget it. Returns the exit status."""
    journal, entries = _read()
    wanted = last_run(entries)
    say(
        f"landiag did this on {wanted[0].created[:16].replace('T', ' ')} UTC:",
        *describe_entries(wanted[::-1], journal.folder),
    )
    if not forget:
        say("To take it back:", *(f"    {line}" for entry in wanted for line in _undo_lines(entry)))
    if not yes and not ask("Forget it, and change nothing?" if forget else "Take it back now?"):
        say("Nothing was changed.")
        return NOT_POSSIBLE
    if forget:
        for entry in wanted:
            journal.remove(entry)
        return UNDONE
    done = take_back(wanted, journal)
    if len(wanted) < len(entries):
        say("An earlier run is left: landiag undo takes that back, too.")
    return UNDONE if done else NOT_POSSIBLE


def _read() -> tuple[Journal, Sequence[Entry]]:
    try:
        journal = open_journal(create=False)
        entries = () if journal is None else _entries(journal)
    except (CannotApply, OSError) as error:
        raise Stop(str(error), NOT_POSSIBLE) from error
    if journal is None or not entries:
        roots = os.geteuid() != 0 and os.path.isdir(ROOTS_FOLDER)
        more = " (what landiag did as root, root takes back: sudo landiag undo)" if roots else ""
        raise Stop(f"there is nothing to undo{more}", NOTHING)
    return journal, entries


def _entries(journal: Journal) -> Sequence[Entry]:
    """What the journal holds when no change is under way."""
    with journal.locked():
        return journal.read()


def take_back(entries: Iterable[Entry], journal: Journal) -> bool:
    """Take entries back in this order, and say of each what became of it. False where one could not be."""
    done = True
    with journal.locked():
        for entry in entries:
            try:
                was_there = take_back_entry(entry, journal)
                say(f"{'Taken back' if was_there else 'It was gone already'}: {entry.title}")
            except (CannotApply, OSError) as error:
                done = False
                say(f"Not possible: {entry.title}: {error}")
    return done


def describe_entries(entries: Iterable[Entry], folder: str) -> list[str]:
    """Write what was done as a numbered list, the changes of one fix as one, the log of a server under it."""
    lines, style = [], terminal_style(no_color=True)
    for number, (fix, changes) in enumerate(groupby(entries, key=lambda one: (one.fix, one.title)), 1):
        lines += style.wrap(fix[1], first=f"  {number}. ")
        for change in (one.change for one in changes if isinstance(one.change, Restarted)):
            log = os.path.join(folder, change.log)
            process = "" if change.pid is None else f"It is process {change.pid}. "
            lines += [f"     {process}What it says goes to", f"     {log}"]
    return lines


def _undo_lines(entry: Entry) -> list[str]:
    """What takes an entry back, as a person would type it."""
    change = entry.change
    if isinstance(change, Edited):
        return [f"{change.file}, line {change.line}: {change.after.strip()}  ->  {change.before.strip()}"]
    if isinstance(change, Restarted):
        ending = [] if change.pid is None else [f"kill {change.pid}"]
        return [*ending, f"cd {shlex.quote(change.cwd)}", shlex.join(change.argv)]
    return [undo_line(change)]
