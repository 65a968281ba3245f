"""``--prove`` from the question to the answer, on one screen."""

from __future__ import annotations

from landiag.checks.case import Case
from landiag.host import Recorder
from landiag.model.facts import ReadStatus
from landiag.prove import Announce
from landiag.prove.plan import plan
from landiag.prove.script import announcement
from landiag.prove.witness import Testimony, hear


def ask_kernel(case: Case, recorder: Recorder, announce: Announce) -> tuple[Case, Testimony | None]:
    """Ask the kernel by one injected SYN, and take its word into the case.

    In this thread, so that signals end it in order. Without a testimony where a recording has none. Raises
    CannotProve.
    """
    injection = plan(case)
    announce(announcement(injection, is_client=case.peer is not None and str(case.peer) == injection.source))
    reading = recorder.read(injection.call)
    if reading.status in (ReadStatus.NOT_RECORDED, ReadStatus.WITHHELD):
        return case, None
    case, testimony = hear(case, injection)
    if testimony.left:
        announce((f"This could not be removed again: {testimony.left}",))
    return case, testimony
