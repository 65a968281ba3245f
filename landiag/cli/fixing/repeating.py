"""``check --fix`` and ``check --wait``: checks made again and again, and what may not be asked together with them."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec import Struct

from landiag.cli.files.outputs import Stop
from landiag.cli.fixing.asking import Budget, is_attended
from landiag.model.report import Report, Status

if TYPE_CHECKING:
    from landiag.cli.fixing.fixing import Consent
    from landiag.host import Recording
    from landiag.render.style import Style

OVER_SSH = 60.0
"""Seconds in which a change has to be confirmed by default, where it could cut the person's own line."""


class Repeats(Struct, frozen=True):
    """What was asked for. ``confirm_within`` is None where nothing was said."""

    fix: bool
    wait: bool
    yes: bool
    confirm_within: float | None


def refuse_to_repeat(asked: Repeats, *, replays: bool, as_json: bool, only: str | None, redact: bool) -> None:
    """Stop where what was asked makes no sense together."""
    if not asked.fix and (asked.yes or asked.confirm_within is not None):
        raise Stop("--yes and --confirm-within belong to --fix: landiag check --fix")
    if asked.wait and replays:
        raise Stop(
            "--wait checks this machine again and again, and a recording does not change: leave one out"
        )
    if not asked.fix:
        return
    others = {"--replay": replays, "--json": as_json, "--only": only is not None, "--redact": redact}
    for name, given in others.items():
        if given:
            raise Stop(
                f"--fix changes this machine step by step, and {name} has no place in that: leave one out"
            )
    if not asked.yes and not is_attended():
        raise Stop("--fix asks before each change, and there is no terminal: --yes does not ask")
    if asked.confirm_within and not is_attended():
        raise Stop("--confirm-within needs somebody at a terminal who confirms")


def repeat(
    check: Callable[[float], tuple[Report, Recording]],
    asked: Repeats,
    budget: Budget,
    style: Style,
    *,
    quiet: bool,
) -> tuple[Report, Recording]:
    """Fix, wait, or both; ``check`` takes a deadline. Returns the last check's report and recording."""
    last: list[tuple[Report, Recording]] = []

    def check_again() -> Report:
        last.append(check(budget.deadline()))
        del last[:-1]
        return last[0][0]

    if asked.fix:
        from landiag.cli.fixing.fixing import fix_until_clear

        report = fix_until_clear(check_again, _consent(asked, quiet=quiet), budget, style)
        if not asked.wait or report.verdict.status is Status.CLEAR:
            return last[0]
    from landiag.cli.fixing.waiting import wait_until_clear

    wait_until_clear(check_again, budget, last[0][0] if last else None)
    return last[0]


def _consent(asked: Repeats, *, quiet: bool) -> Consent:
    from landiag.cli.fixing.fixing import Consent

    within = asked.confirm_within
    if within is None:
        within = OVER_SSH if is_attended() and _is_over_ssh() else 0.0
    privileged = sys.platform != "win32" and os.geteuid() == 0
    return Consent(asked.yes, is_attended(), within, privileged, quiet)


def _is_over_ssh() -> bool:
    """Whether this terminal is the end of an SSH connection; sudo takes the variable away, so parents are asked."""
    if os.environ.get("SSH_CONNECTION") or os.environ.get("SSH_TTY"):
        return True
    import psutil

    try:
        return any(one.name().startswith("sshd") for one in psutil.Process().parents())
    except psutil.Error:
        return False
