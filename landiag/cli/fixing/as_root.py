"""What a user's ``check --fix`` could not look at: root looks, and fixes what is found, where the person agrees."""

from __future__ import annotations

import shlex
import subprocess

from landiag.cli.fixing.asking import ask, is_attended, say
from landiag.cli.fixing.repeating import Repeats
from landiag.host.programs import find_program
from landiag.model.report import Report, Status
from landiag.render.headline import does_it


def go_on_as_root(report: Report, asked: Repeats) -> int | None:
    """Run the command that the report names, by sudo; its status. None where nothing calls for it, or nobody agrees.

    Where nobody sits at a terminal sudo must not ask for a password: it ends at once without one.
    """
    again = does_it(report) if report.verdict.status is Status.UNDETERMINED else None
    words = shlex.split(again) if again is not None else []
    program = find_program("sudo")
    if program is None or words[:1] != ["sudo"]:
        return None
    if not asked.yes and not ask("Do it now?"):
        return None
    sudo = (program,) if is_attended() else (program, "-n")
    if subprocess.run((*sudo, "-v"), check=False).returncode != 0:
        say("sudo did not let you: run that as root instead.")
        return None
    return subprocess.run((*sudo, *words[1:], *_options(asked)), check=False).returncode


def _options(asked: Repeats) -> tuple[str, ...]:
    within = asked.confirm_within
    yes = ("--yes",) if asked.yes else ()
    return yes if within is None else (*yes, "--confirm-within", f"{within:g}")
