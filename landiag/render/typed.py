"""The lines of a fix as they are typed: in the shell of the system that the report speaks of."""

from __future__ import annotations

from collections.abc import Iterable

from landiag.model.actions import End
from landiag.model.report import Fix, HostInfo
from landiag.render.escape import escape_text


def command_lines(fix: Fix, host: HostInfo) -> list[str]:
    """Write a fix as lines to paste: the old server ended, the folder changed, rights asked for where needed.

    ``host`` is that of the report. Windows gets PowerShell, whose window an administrator opens; there
    nothing stands in front of a command. Empty where its lines are masked: ``masked_note`` says so.
    """
    if fix.masked:
        return []
    lines = []
    if fix.needs == "restart-server" and fix.stop_pid is not None:
        lines += _with_rights([_end(fix.stop_pid, fix.stop_signal, host.os)], fix, host)
    if fix.needs == "restart-server" and fix.cwd and fix.commands:
        lines.append(escape_text(f"cd {_quoted(fix.cwd, host.os)}"))
    return [*lines, *_with_rights(fix.commands, fix, host)]


def undo_lines(fix: Fix, host: HostInfo) -> list[str]:
    """Write what takes a fix back as lines to paste; empty where nothing does."""
    return [] if fix.masked else _with_rights(fix.undo, fix, host)


def masked_note(fix: Fix) -> tuple[str, ...]:
    """The sentence in place of a command that is masked; none where there is no such command."""
    return ("Run without --redact for the command.",) if fix.masked and fix.commands else ()


def _with_rights(commands: Iterable[str], fix: Fix, host: HostInfo) -> list[str]:
    before = as_root(host) if takes_root(fix, host) else ""
    return [escape_text(before + command) for command in commands]


def takes_root(fix: Fix, host: HostInfo) -> bool:
    """Whether its lines are root's: for what they change, or because the server is root's, and sudo looked at it."""
    is_roots = any(isinstance(action, End) and action.user == "root" for action in fix.actions)
    return fix.needs == "root" or (is_roots and host.privileged)


def as_root(host: HostInfo) -> str:
    """What stands before a command that needs root; nothing where the person types as root, or on Windows."""
    if host.root_shell or host.os == "win32":
        return ""
    return "doas " if host.os.startswith("openbsd") else "sudo "


def _end(pid: int, signal: str | None, os: str) -> str:
    if os == "win32":
        return f"taskkill /f /t /pid {pid}"
    return f"kill -{signal} {pid}" if signal else f"kill {pid}"


def _quoted(path: str, os: str) -> str:
    if os == "win32":
        from landiag.model.lines import powershell_word

        return powershell_word(path)
    import shlex

    return shlex.quote(path)
