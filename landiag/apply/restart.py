"""A fix that starts a server anew, as journalled steps; and its way back to the old command."""

from __future__ import annotations

import sys

assert sys.platform == "linux"

import os
from collections.abc import Mapping

from msgspec.structs import replace

from landiag.apply import CannotApply
from landiag.apply.entries import Entry, Restarted, State
from landiag.apply.journal import Journal, new_log
from landiag.apply.server import (
    New,
    Old,
    describe_own,
    end_server,
    find_by_output,
    is_listening,
    start_server,
)
from landiag.model.actions import End, Run


def plan_restart(end: End, run: Run) -> tuple[Restarted, Old]:
    """Look at the old server and say what will be done with it. Raises CannotApply."""
    old = describe_own(end)
    if run.for_user is not None or run.cwd != old.cwd:
        raise CannotApply("the server is another user's, or runs in another folder than landiag read")
    before = tuple((name, old.environment.get(name)) for name, _ in run.environment)
    return Restarted(old.argv, old.cwd, end.signal, new_log(), before), old


def restart(entry: Entry, planned: Restarted, old: Old, end: End, run: Run, journal: Journal) -> Entry:
    """End the old server and start the new one. Raises CannotApply; ``start_old`` is the way back then."""
    end_server(end, entry.port)
    try:
        new = _start(run, old.environment, planned.log, entry.port, journal)
    except CannotApply as error:
        log = os.path.join(journal.folder, planned.log)
        raise CannotApply(f"{error}; what it said is in {log}") from error
    return replace(entry, change=replace(planned, pid=new.pid, started=new.started), state=State.DONE)


def start_old(entry: Entry, planned: Restarted, old: Old, journal: Journal) -> None:
    """Start the old server as it was, where it has ended. Raises CannotApply."""
    if not is_listening(entry.port):
        again = Run(planned.argv, planned.cwd)
        _start(again, old.environment, new_log(), entry.port, journal)


def _start(run: Run, environment: Mapping[str, str], log: str, port: int, journal: Journal) -> New:
    descriptor = journal.create_log(log)
    try:
        return start_server(run, environment, descriptor, port)
    finally:
        os.close(descriptor)


def take_back_restart(entry: Entry, made: Restarted, journal: Journal) -> bool:
    """End the server that landiag started, and start the old one. Raises CannotApply."""
    new = _noted(made) or find_by_output(journal.find_log(made.log))
    if new is None:
        if is_listening(entry.port):
            return False  # it was never ended
        raise CannotApply("the old server ended and no new one was started: start it yourself")
    pid, started = new
    end = End(pid, made.signal, started, _argv_of(pid))
    now = describe_own(end)
    environment = dict(now.environment)
    for name, value in made.variables:
        environment.pop(name, None)
        if value is not None:
            environment[name] = value
    end_server(end, entry.port)
    _start(Run(made.argv, made.cwd), environment, new_log(), entry.port, journal)
    return True


def _noted(made: Restarted) -> tuple[int, float] | None:
    """The new server as the journal has it; a landiag that was killed in between has not noted it."""
    return None if made.pid is None or made.started is None else (made.pid, made.started)


def _argv_of(pid: int) -> tuple[str, ...]:
    import psutil

    try:
        return tuple(psutil.Process(pid).cmdline())
    except psutil.Error as error:
        raise CannotApply("the server that landiag started has ended: start it yourself") from error
