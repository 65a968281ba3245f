"""Words made into lines that can be typed: the one place where actions and changes become text. Pure."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence

from landiag.model.actions import Run
from landiag.model.changes import Change, NftRule
from landiag.model.regex import regex


def is_windows_path(path: str) -> bool:
    """Whether a program's path is one of Windows."""
    return re.match(r"[A-Za-z]:[\\/]|\\\\", path) is not None or path.lower().endswith(".exe")


def command_line(run: Run, *, os: str = "linux") -> str:
    """The line that does what an action does. ``os`` is the system's name as in ``Machine.os``.

    What came from another user's process names that user, so that nobody runs it as somebody else: ``for_user``.
    """
    if run.for_user is None:
        return shell_line(run.argv, dict(run.environment), powershell=os == "windows")
    settings = [f"{name}={value}" for name, value in run.environment]
    if os != "linux":
        inner = shlex.join(("env", *settings, *run.argv) if settings else run.argv)
        there = f"cd {shlex.quote(run.cwd)} && {inner}" if run.cwd else inner
        return shlex.join(("su", run.for_user, "-c", there))
    # Variables in front of runuser would be root's own: LD_PRELOAD would run as root. So would the folder be.
    before = (*(("-C", run.cwd) if run.cwd else ()), *settings)
    words = ("env", *before, *run.argv) if before else run.argv
    return shlex.join(("runuser", "-u", run.for_user, "--", *words))


def undo_line(change: Change) -> str:
    """The line that takes a change back, for a person to type."""
    if isinstance(change, NftRule) and change.handle is None:
        return nft_undo(change.place, change.asked_of, change.comment)
    return shlex.join(change.undo_argv)


def nft_undo(chain: tuple[str, str, str], asked_of: str, comment: str) -> str:
    """The line that deletes the first commented rule of a chain (family, table, name) that asks for the same clients.

    nft deletes by handle only, and the handle is known once the rule is there. Rules that bear the comment already
    stay: those for others, and an equal one, which stands behind the new rule. One shell has all programs of the line,
    so that rights asked for in front of it are theirs. A dot stands for each quote of the comment.
    """
    listing = shlex.join(("nft", "-a", "list", "chain", *chain))
    rule = rf".*{asked_of} .*comment .{comment}. # handle \([0-9]*\)\$"
    found = rf"s|{rule}|delete rule {' '.join(chain)} handle \1|p"
    return shlex.join(("sh", "-c", f'{listing} | sed -n "{found}" | head -n 1 | nft -f -'))


def shell_line(words: Sequence[str], variables: Mapping[str, str], *, powershell: bool = False) -> str:
    """A line for the shell: POSIX quoting, or PowerShell's where asked for and for the paths of Windows."""
    if powershell or (words and is_windows_path(words[0])):
        before = "".join(f"$env:{name}={_literal(value)}; " for name, value in variables.items())
        line = " ".join(map(powershell_word, words))
        return before + ("& " + line if line.startswith("'") else line)
    assignments = [f"{name}={shlex.quote(value)}" for name, value in variables.items()]
    return " ".join([*assignments, shlex.join(words)])


_PLAIN = regex(r"(?!-[^-]*[.:]|--$)[\w+/\\:.=-]+", re.ASCII)
"""Words that PowerShell takes as they are. It cuts ``-b.c`` in two and keeps ``--`` for itself unless quoted."""


def powershell_word(word: str) -> str:
    """One argument for a program, as Windows PowerShell 5 is told it: it does not escape ``"`` by itself."""
    if _PLAIN.fullmatch(word):
        return word
    if not word:
        return "'\"\"'"
    escaped = re.sub(r'(\\*)"', r'\1\1\\"', word)
    return _literal(re.sub(r"(\\+)$", r"\1\1", escaped) if re.search(r"\s", word) else escaped)


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
