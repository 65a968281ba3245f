"""A few of the steps at which ``python -m tests.lab.kill`` stops each command: those that change something."""

from __future__ import annotations

import signal

import pytest
from msgspec.structs import replace

from tests.lab.kill.stops import Stop, list_steps, try_stop
from tests.lab.kill.subjects import SUBJECTS, build_world

pytestmark = pytest.mark.lab

SUBJECT = {one.name: one for one in SUBJECTS}
MARKS = {
    "prove": ("'link', 'add'", "'filter', 'add'", "setpriv"),
    "fix": ("os.rename", "'insert', 'rule'"),
    "watch": ("os.link",),
}
"""What each stops at: the first of its steps that says so."""


@pytest.mark.parametrize("name", MARKS)
def test_nothing_is_left_behind(name: str) -> None:
    subject = SUBJECT[name]
    with build_world(subject) as lab:
        steps = list_steps(lab, subject)
        for mark in MARKS[name]:
            step = next(number for number, one in enumerate(steps, 1) if mark in one)
            assert try_stop(lab, subject, Stop(step, signal.SIGKILL)) == [], mark


def test_without_the_clean_up_it_would_be() -> None:
    subject = replace(SUBJECT["prove"], after="")
    with build_world(subject) as lab:
        step = next(
            number for number, one in enumerate(list_steps(lab, SUBJECT["prove"]), 1) if "setpriv" in one
        )
        (problem,) = try_stop(lab, subject, Stop(step, signal.SIGKILL))
    assert "landiag_prove" in problem
