"""``check --fix``: one fix at a time, shown, asked for, carried out, and checked again."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Protocol

from msgspec import Struct, field
from msgspec.structs import replace

from landiag.apply import CannotApply
from landiag.apply.refusal import Refusal, refusal
from landiag.cli.fixing.asking import Budget, ask, say, wait_for_person, wrapped
from landiag.model.actions import Action, End, Run
from landiag.model.changes import IptablesRule, NftRule
from landiag.model.report import Finding, Fix, Outcome, Report, Status
from landiag.render.headline import does_it, ended, fix_title
from landiag.render.parts import lasting
from landiag.render.terminal import Style, edit_step, render_answer, render_quiet, render_verdict
from landiag.render.typed import command_lines

MOST_FIXES = 8
"""How many fixes one run carries out: more in a row means that they chase each other."""


class Consent(Struct, frozen=True):
    """What the person allowed: ``yes`` to everything, and the seconds after which an unconfirmed change is undone.

    ``attended``: somebody can be asked. ``confirm_within`` 0: changes stay without a confirmation.
    """

    yes: bool
    attended: bool
    confirm_within: float
    privileged: bool
    quiet: bool = False


class Carrier(Protocol):
    """What carries fixes out: ``cli.carrying`` on Linux."""

    def carry_out(self, fix: Fix, number: int, port: int, seconds: float) -> bool:
        """Make the changes of a fix; False where nobody confirmed them in time."""

    def take_back(self, number: int) -> None:
        """Take the changes of one fix of this run back."""

    def conclude(self, *, privileged: bool) -> None:
        """Say what was done and is still there."""


class Session(Struct):
    """One run: who is asked, what was carried out, and what carries it out (None: landiag does not, here)."""

    consent: Consent
    budget: Budget
    style: Style
    carrier: Carrier | None
    tried: list[Fix] = field(default_factory=list)


def fix_until_clear(check: Callable[[], Report], consent: Consent, budget: Budget, style: Style) -> Report:
    """Carry out fixes until nothing blocks, the person stops, or there is nothing that landiag can do.

    Returns the last report. Raises Stop where the journal cannot be used.
    """
    session = Session(consent, budget, style, _open_carrier())
    report = check()
    _tell(render_answer(report, style), report, consent)
    while report.verdict.status is Status.BLOCKED and _fix_next(report, session):
        report = check()
        _tell(render_verdict(report, style), report, consent)
    if session.carrier is not None:
        session.carrier.conclude(privileged=consent.privileged)
    if report.verdict.status is Status.UNDETERMINED:
        _say_how_to_tell(report, session)
    return report


def _open_carrier() -> Carrier | None:
    if sys.platform == "linux":
        from landiag.cli.fixing.carrying import open_carrier

        return open_carrier()
    return None


def _tell(rendered: str, report: Report, consent: Consent) -> None:
    sys.stdout.write(render_quiet(report) if consent.quiet else f"\n{rendered}\n")
    sys.stdout.flush()


def _fix_next(report: Report, session: Session) -> bool:
    """Deal with the finding that blocks first. False where it ends here, with nothing to check again."""
    found = _first_block(report)
    if found is None:
        say("landiag knows no fix for this.")
        return False
    fix = found.fixes[0]
    _show(fix, report, session)
    if session.carrier is None:
        return _by_hand(fix, Refusal.BY_HAND, report, session)
    why = refusal(fix, privileged=session.consent.privileged)
    if why is not None:
        return _by_hand(fix, why, report, session)
    if any(_same_aim(fix, earlier) for earlier in session.tried):
        say("This was done a moment ago and did not help.")
        session.carrier.take_back(len(session.tried))
        return False
    if len(session.tried) >= MOST_FIXES:
        say(f"{MOST_FIXES} fixes were made and it is still blocked: landiag stops here.")
        return False
    return _do(session.carrier, fix, report, session)


def _say_how_to_tell(report: Report, session: Session) -> None:
    """Nothing is changed while the cause is not known: show what makes it known."""
    say("landiag changes nothing as long as it can't tell.")
    again = does_it(report)
    if again is not None:
        say("Look again as root, and fix what is found:", f"    {again}")
        return
    unknown = [one for one in report.findings if one.outcome is Outcome.UNKNOWN and one.fixes]
    for finding in unknown[:1]:
        _show(finding.fixes[0], report, session)


def _first_block(report: Report) -> Finding | None:
    blocks = [one for one in report.findings if one.outcome is Outcome.BLOCKS and one.hidden_by is None]
    return blocks[0] if blocks and blocks[0].fixes else None


def _show(fix: Fix, report: Report, session: Session) -> None:
    """Show a fix: what is done by hand, the lines, how long it lasts, its risk."""
    lines = command_lines(fix, report.host)
    notes = (lasting(fix), ended(f"Risk: {fix.risk}") if fix.risk else "")
    width = session.style.width
    number = f"Fix {len(session.tried) + 1}: " if report.verdict.status is Status.BLOCKED else ""
    say(*session.style.wrap(f"{number}{fix_title(fix) if number else fix.title}", rest="  "))
    say(*(line for step in (*edit_step(fix), *fix.steps) for line in wrapped(step, width, "  ")))
    say(*(f"    {line}" for line in lines))
    say(*(line for note in notes for line in wrapped(note, width, "  ")))


_WHY = {
    Refusal.BY_HAND: "landiag can't do this by itself.",
    Refusal.NOT_VERIFIED: "landiag doesn't do this by itself: it can't be sure that this helps.",
    Refusal.OPENS_MORE: "landiag doesn't do this by itself: it may let in more than it should.",
    Refusal.NEEDS_ROOT: "This needs root: landiag does it only when it runs as root itself.",
    Refusal.OTHER_USER: "The server is another user's: landiag starts nothing of it as root.",
}


def _by_hand(fix: Fix, why: Refusal, report: Report, session: Session) -> bool:
    """Leave a fix to the person, and wait for it where somebody is there."""
    say(_WHY[why])
    if not session.consent.attended:
        return False
    is_typed = bool(command_lines(fix, report.host))
    with session.budget.paused():
        return wait_for_person("Type these lines in another window." if is_typed else "Do that first.")


def _do(carrier: Carrier, fix: Fix, report: Report, session: Session) -> bool:
    """Ask for a fix and carry it out. False where it was refused, failed, or was not confirmed."""
    consent = session.consent
    seconds = consent.confirm_within if fix.needs == "root" else 0.0
    with session.budget.paused():
        if not consent.yes and not ask("Do it now?"):
            say("Nothing was changed.")
            return False
        try:
            stays = carrier.carry_out(fix, len(session.tried) + 1, report.target.port or 0, seconds)
        except CannotApply as error:
            say(f"That did not work: {error}.")
            return False
    session.tried.append(fix)
    return stays


def _same_aim(one: Fix, other: Fix) -> bool:
    """Whether two fixes would do the same, wherever in its chain a rule goes."""
    return tuple(map(_aim, one.actions)) == tuple(map(_aim, other.actions))


def _aim(action: Action) -> Action | None:
    if isinstance(action, End):
        return None  # the process is another one each time
    if isinstance(action, Run) and isinstance(action.change, NftRule):
        return replace(action, argv=(), change=replace(action.change, before=None))
    if isinstance(action, Run) and isinstance(action.change, IptablesRule):
        return replace(action, argv=(), change=replace(action.change, position=None))
    return action
