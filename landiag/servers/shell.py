"""Words made into a line that can be typed: quoting, variables in front, the interpreter that is meant. Pure."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence

from landiag.servers.invocation import is_windows_path


def shell_line(words: Sequence[str], variables: dict[str, str], *, powershell: bool = False) -> str:
    """A line for the shell: POSIX quoting, or PowerShell's where asked for and for the paths of Windows."""
    if powershell or (words and is_windows_path(words[0])):
        before = "".join(f"$env:{name}={_literal(value)}; " for name, value in variables.items())
        line = " ".join(map(powershell_word, words))
        return before + ("& " + line if line.startswith("'") else line)
    assignments = [f"{name}={shlex.quote(value)}" for name, value in variables.items()]
    return " ".join([*assignments, shlex.join(words)])


_PLAIN = re.compile(r"(?!-[^-]*[.:]|--$)[\w+/\\:.=-]+", re.ASCII)
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


def of_environment(words: tuple[str, ...], environment: Mapping[str, str]) -> tuple[str, ...]:
    """The words with the interpreter of their virtual environment, when its own name does not lead there."""
    venv = environment.get("VIRTUAL_ENV")
    if not venv or not words or not re.fullmatch(r"python[\w.]*|.*/Contents/MacOS/Python", words[0]):
        return words
    folder = f"{venv}\\Scripts\\" if is_windows_path(venv) else f"{venv}/bin/"
    return (folder + words[0].rpartition("/")[2].lower(), *words[1:])
