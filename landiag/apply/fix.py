"""One fix carried out: every step looked at and journalled before the first is done, and taken back when one fails."""

from __future__ import annotations

import sys

assert sys.platform == "linux"

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timezone

from msgspec import Struct
from msgspec.structs import replace

from landiag.apply import CannotApply
from landiag.apply.change import added_handle, has_changed, make, places_before
from landiag.apply.edit import refuse_unsafe_file, replace_line
from landiag.apply.entries import Edited, Entry, Restarted, State
from landiag.apply.journal import Journal, boot_id, new_id
from landiag.apply.restart import plan_restart, restart, start_old
from landiag.apply.server import Old
from landiag.apply.undo import take_back_entry, undo_order
from landiag.model.actions import EditFile, End, Run
from landiag.model.changes import NftRule
from landiag.model.report import Fix


class Step(Struct, frozen=True):
    """One entry of the journal; for a server also what it was, how it ends and how the new one starts."""

    entry: Entry
    server: tuple[End, Run, Old] | None = None


def plan(fix: Fix, run: str, number: int, port: int) -> tuple[Step, ...]:
    """Look at everything that a fix will touch. Raises CannotApply where something is not as it was read."""
    blank = Entry(
        id="",
        run=run,
        fix=number,
        created=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        boot=boot_id(),
        title=fix.title,
        port=port,
        change=Edited("", 0, "", ""),
    )
    ends = [action for action in fix.actions if isinstance(action, End)]
    return tuple(_plan(action, ends, blank) for action in fix.actions if not isinstance(action, End))


def _plan(action: EditFile | Run, ends: Sequence[End], blank: Entry) -> Step:
    entry = replace(blank, id=new_id())
    if isinstance(action, EditFile):
        if action.line is None:
            raise CannotApply(f"which line of {action.file} it is was not read")
        refuse_unsafe_file(action.file, action.line, action.find)
        return Step(replace(entry, change=Edited(action.file, action.line, action.find, action.replace)))
    if action.change is not None:
        return Step(replace(entry, change=action.change, before=places_before(action.change)))
    (end,) = ends
    planned, old = plan_restart(end, action)
    return Step(replace(entry, change=planned), (end, action, old))


def carry_out(
    steps: Iterable[Step], journal: Journal, before_change: Callable[[], None] = lambda: None
) -> tuple[Entry, ...]:
    """Journal all steps, then do them in order; ``before_change`` is called between the two.

    Returns the entries of what is there now; a step that changed nothing leaves none. Raises CannotApply when a
    step fails, with everything that was done taken back.
    """
    planned = tuple(steps)
    with journal.locked():
        for step in planned:
            journal.write(step.entry)
        done: list[Entry] = []
        try:
            before_change()
            for step in planned:
                entry = _do(step, journal)
                if entry is not None:
                    journal.write(entry)
                    done.append(entry)
        except CannotApply as error:
            if _abandon(planned, done, journal):
                raise
            raise CannotApply(f"{error}. A part of it is still there: landiag undo") from error
        for step in planned:
            if step.entry.id not in {entry.id for entry in done}:
                journal.remove(step.entry)  # it was there already: nothing to take back
    return tuple(done)


def _abandon(planned: Sequence[Step], done: Sequence[Entry], journal: Journal) -> bool:
    """Take back what was done of a fix. False where a part of it stays, which the journal then still holds."""
    servers = {step.entry.id: step.server for step in planned}
    known = {step.entry.id: step.entry for step in planned} | {entry.id: entry for entry in done}
    is_whole = True
    for entry in undo_order(tuple(known.values())):
        server, change = servers[entry.id], entry.change
        try:
            if server is not None and isinstance(change, Restarted) and entry.state is State.PLANNED:
                start_old(entry, change, server[2], journal)
            take_back_entry(entry, journal)
        except CannotApply:
            is_whole = False
    return is_whole


def _do(step: Step, journal: Journal) -> Entry | None:
    entry, change = step.entry, step.entry.change
    if isinstance(change, Edited):
        replace_line(change.file, change.line, change.before, change.after)
    elif isinstance(change, Restarted):
        assert step.server is not None
        end, run, old = step.server
        return restart(entry, change, old, end, run, journal)
    else:
        make(change)
        if not has_changed(entry, change):
            return None
        if isinstance(change, NftRule):
            change = added_handle(entry, change)
    return replace(entry, change=change, state=State.DONE)
