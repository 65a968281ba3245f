"""Fixes built from what they do: the lines to paste, how long they last and how to keep them follow from that."""

from __future__ import annotations

from msgspec.structs import replace
from typing_extensions import assert_never

from landiag.checks.case import Case
from landiag.model.actions import Action, EditFile, End, Lasts, Run
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
from landiag.model.facts import Unknown
from landiag.model.lines import command_line, undo_line
from landiag.model.process import Process
from landiag.model.regex import regex
from landiag.model.report import Fix
from landiag.model.settings import typed_setting
from landiag.servers.advice import RestartAdvice


def fix_by(title: str, *changes: Change, verified: bool | None = None, risk: str | None = None) -> Fix:
    """Build the fix that makes these changes as root, in this order; the undo takes them back in the other.

    ``opens`` is empty where only routes and links are changed; else whoever proposes them has to say it.
    """
    runs = tuple(Run(change.argv, change=change) for change in changes)
    keeps = [keep for keep in map(_keep, changes) if keep is not None]
    return Fix(
        title,
        commands=tuple(command_line(run) for run in runs),
        undo=tuple(undo_line(change) for change in reversed(changes)),
        needs="root",
        verified=verified,
        risk=risk,
        actions=runs,
        lasts=Lasts.UNTIL_RESTART if keeps else Lasts.FOR_GOOD,
        keep=keeps[0] if keeps else None,
        opens=() if all(isinstance(change, _LET_NOBODY_IN) for change in changes) else None,
    )


_LET_NOBODY_IN = (RefusingRoute, UnicastRoute, MainTableRule, LinkSetting)
"""The changes that no packet filter hears of. Settings of the kernel may open a machine to more than one port."""


def _keep(change: Change) -> str | None:
    """How to keep what is gone at the next start; None for what is there again (of firewalld's pairs one is)."""
    match change:
        case NftRule():
            return "put the rule into /etc/nftables.conf as well"
        case IptablesRule():
            return "netfilter-persistent save (Debian), service iptables save (Fedora)"
        case Sysctl():
            return f"write {typed_setting(change.name)} = {change.after} into a file in /etc/sysctl.d"
        case RefusingRoute() | UnicastRoute():
            return "take the route out of what sets it at the start"
        case MainTableRule():
            return "add it where the rules of the routing policy come from"
        case LinkSetting():
            return f"set it where {change.interface} is configured (NetworkManager, netplan, interfaces(5))"
        case UfwRule() | FirewalldRule() | FirewalldDirectRule():
            return None
        case _:
            assert_never(change)


def restart_fix(case: Case, advice: RestartAdvice, production: str, *, verified: bool | None) -> Fix:
    """Build the fix that starts a server anew, as advised; ``production`` is what to mind about the server."""
    old = _process(case, advice.stop_pid)
    if advice.run is None or advice.run.detached:
        advice = _for_its_user(case, advice, old)
    run = advice.run
    is_typed = run is not None and run.detached
    return Fix(
        title=advice.title,
        commands=() if run is None else (command_line(run, os=_shell_of(case, advice)),),
        needs=advice.needs,
        verified=verified,
        risk=production or None,
        steps=advice.steps,
        edit=advice.edit,
        cwd=advice.cwd if run is not None and run.for_user is None else None,
        stop_pid=advice.stop_pid,
        stop_signal=None if advice.stop_signal == "TERM" else advice.stop_signal,
        actions=_restart_actions(advice, old, run) if is_typed else (),
        lasts=Lasts.FOR_GOOD if advice.edit is not None else Lasts.WHILE_IT_RUNS if is_typed else None,
        stays=advice.stays,
    )


_OF_THE_SYSTEM = ("/etc/", "/usr/local/etc/")
"""Where a server's tables know its files; what a process names elsewhere, or as its own, is its user's."""

_NAME = regex(r"[A-Za-z_][A-Za-z0-9_.-]{0,63}\$?")


def _for_its_user(case: Case, advice: RestartAdvice, old: Process | None) -> RestartAdvice:
    """Advice that holds what another user's process said, as that user's own: nobody else runs or edits it."""
    if old is None or not is_somebody_elses(case, old):
        return advice
    name = old.user or ""
    is_name = _NAME.fullmatch(name) is not None
    who = name if is_name else f"the user with the number {old.uid}" if old.uid is not None else "its user"
    steps = advice.steps
    if advice.edit is not None and not advice.edit.file.startswith(_OF_THE_SYSTEM):
        steps = (f"Change the file as {who}, not as yourself: it came from a process of that user.", *steps)
    if advice.run is None:
        return replace(advice, steps=steps)
    if not is_name or not (advice.run.cwd or "").isprintable():
        steps = (*steps, f"Start it again as {who}, with that user's own command.")
        return replace(advice, run=None, steps=steps)
    return replace(advice, run=replace(advice.run, for_user=name), steps=steps)


def _shell_of(case: Case, advice: RestartAdvice) -> str:
    return "windows" if advice.os == "windows" else case.facts.os


def _process(case: Case, pid: int | None) -> Process | None:
    return None if pid is None or isinstance(case.facts.processes, Unknown) else case.facts.processes.get(pid)


def _restart_actions(advice: RestartAdvice, old: Process | None, run: Run | None) -> tuple[Action, ...]:
    """The edit, the end of the old server, the start of the new one: empty where a part of it is not known."""
    if run is None or old is None or old.started is None or advice.needs != "restart-server":
        return ()
    edit = advice.edit
    edits = () if edit is None else (EditFile(edit.file, edit.line, edit.find, edit.replace),)
    end = End(old.pid, advice.stop_signal, old.started, old.argv, old.user)
    return (*edits, end, run)


def is_somebody_elses(case: Case, process: Process) -> bool:
    """Whether a process is of another user than whoever asks: only its own user may run what it says.

    Never on Windows, which has no form to print for that, nor where nobody knows who asks.
    """
    asker = case.machine.user_id
    if case.facts.os == "windows" or asker is None:
        return False
    if process.uid is not None:
        return process.uid != asker
    return asker == 0 and process.user != "root"  # a recording of before has no number
