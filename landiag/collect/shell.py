"""Words made into a line that can be typed: quoting, variables in front, the interpreter that is meant. Pure."""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Mapping, Sequence

from landiag.collect.invocation import is_windows_path


def shell_line(words: Sequence[str], variables: dict[str, str]) -> str:
    """A line for the shell: POSIX quoting, or PowerShell's for the paths of Windows."""
    if words and is_windows_path(words[0]):
        before = "".join(f"$env:{name}='{value}'; " for name, value in variables.items())
        line = subprocess.list2cmdline(words)
        return before + ("& " + line if line.startswith('"') else line)
    assignments = [f"{name}={shlex.quote(value)}" for name, value in variables.items()]
    return " ".join([*assignments, shlex.join(words)])


def of_environment(words: tuple[str, ...], environment: Mapping[str, str]) -> tuple[str, ...]:
    """The words with the interpreter of their virtual environment, when its own name does not lead there."""
    venv = environment.get("VIRTUAL_ENV")
    if not venv or not words or not re.fullmatch(r"python[\w.]*|.*/Contents/MacOS/Python", words[0]):
        return words
    folder = f"{venv}\\Scripts\\" if is_windows_path(venv) else f"{venv}/bin/"
    return (folder + words[0].rpartition("/")[2].lower(), *words[1:])
