"""The changing half of ``check --fix``: a fix carried out under a watchdog, and the account of what was done."""

from __future__ import annotations

import sys

assert sys.platform == "linux"

import signal
from collections.abc import Iterator
from contextlib import contextmanager

from msgspec import Struct, field

from landiag.apply import CannotApply
from landiag.apply.fix import carry_out, plan
from landiag.apply.journal import Journal, new_id, open_journal
from landiag.apply.undo import undo_order
from landiag.apply.watchdog import Guard
from landiag.cli.files.outputs import Stop
from landiag.cli.fixing.asking import confirmed_within, say
from landiag.cli.fixing.undoing import describe_entries, take_back
from landiag.host.calls import is_root_shell, own_command, own_name
from landiag.model.report import Fix


class Carrier(Struct):
    """One run of ``check --fix`` in the journal."""

    journal: Journal
    run: str = field(default_factory=new_id)

    def carry_out(self, fix: Fix, number: int, port: int, seconds: float) -> bool:
        """Make the changes of a fix; ``number`` names it in the run.

        With ``seconds`` somebody has to confirm them in that time: False where nobody did, and they are taken
        back. Raises CannotApply, with nothing changed.
        """
        guards: list[Guard] = []

        def set_guard() -> None:
            if seconds:
                guards.append(Guard(self.run, number, seconds))

        with _undisturbed():
            entries = carry_out(plan(fix, self.run, number, port), self.journal, set_guard)
        say("Done." if entries else "It was there already: nothing was changed.")
        for guard in guards:
            if not (confirmed_within(guard.seconds) and guard.keep()):
                say("Nobody confirmed it: the change is taken back.")
                guard.wait_until_undone()
                return False
        return True

    def take_back(self, number: int) -> None:
        """Take the changes of one fix of this run back."""
        found = [one for one in self.journal.read() if (one.run, one.fix) == (self.run, number)]
        take_back(undo_order(found), self.journal)

    def conclude(self, *, privileged: bool) -> None:
        """Say what was done and is still there, and how it is taken back."""
        entries = [entry for entry in self.journal.read() if entry.run == self.run]
        if entries:
            say("What landiag did:", *describe_entries(entries, self.journal.folder))
            needs_sudo = privileged and not is_root_shell()
            say(f"Take it back: {f'sudo {own_command()}' if needs_sudo else own_name()} undo")


def open_carrier() -> Carrier:
    """Open the journal for a run. Raises Stop where it cannot be used: nothing is changed without one."""
    try:
        journal = open_journal(create=True)
    except (CannotApply, OSError) as error:
        raise Stop(f"nothing was changed: {error}") from error
    assert journal is not None
    return Carrier(journal)


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Let a change that has begun come to its end: signals wait, and act afterwards."""
    came: list[int] = []
    # Handlers, not a mask: a server that is started meanwhile would inherit that, and be deaf for ever.
    before = {
        one: signal.signal(one, lambda number, _: came.append(number))
        for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        if signal.getsignal(one) is not signal.SIG_IGN
    }
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
        for number in came:
            signal.raise_signal(number)
