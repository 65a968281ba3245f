"""The lines of a fix as they are typed: in the shell of the system that the report speaks of."""

from __future__ import annotations

from collections.abc import Iterable

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
        lines.append(_end(fix.stop_pid, fix.stop_signal, host.os))
    if fix.needs == "restart-server" and fix.cwd and fix.commands:
        lines.append(f"cd {_quoted(fix.cwd, host.os)}")
    return [*(escape_text(line) for line in lines), *_with_rights(fix.commands, fix, host)]


def undo_lines(fix: Fix, host: HostInfo) -> list[str]:
    """Write what takes a fix back as lines to paste; empty where nothing does."""
    return [] if fix.masked else _with_rights(fix.undo, fix, host)


def masked_note(fix: Fix) -> tuple[str, ...]:
    """The sentence in place of a command that is masked; none where there is no such command."""
    return ("Run without --redact for the command.",) if fix.masked and fix.commands else ()


def _with_rights(commands: Iterable[str], fix: Fix, host: HostInfo) -> list[str]:
    before = as_root(host) if fix.needs == "root" else ""
    return [escape_text(before + command) for command in commands]


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
