"""Nothing planted on a machine is left in what is redacted, in any format, in any encoding; the answer is the same."""

from __future__ import annotations

import pytest

from landiag.cli.outputs import RENDERERS
from landiag.host import render_recording
from landiag.model.report import Report
from landiag.redact import redact, redact_everything
from landiag.render.terminal import Style, render_quiet, render_terminal
from tests.cases import NAMES, load, replay
from tests.redact.plant import found, plant
from tests.redact.test_cases import _shape

TERMINAL = {
    "terminal": lambda report: render_terminal(report, Style(80)),
    "verbose": lambda report: render_terminal(report, Style(200), verbose=True),
    "quiet": render_quiet,
}


def leaks(report: Report) -> list[tuple[str, str]]:
    return [
        (name, place) for name, render in {**RENDERERS, **TERMINAL}.items() for place in found(render(report))
    ]


@pytest.mark.parametrize("name", NAMES)
def test_nothing_planted_is_left(name: str) -> None:
    planted = plant(load(name).recording)
    assert found(render_recording(planted)), "nothing is planted: nothing is tested"
    report = replay(planted)
    redacted, done = redact(planted)
    assert done.withheld == ()
    assert found(render_recording(redacted)) == []
    again = replay(redacted)
    assert _shape(again) == _shape(report)
    assert leaks(again) == []
    both, _ = redact_everything((planted, report))
    alone, _ = redact(report)
    for one in (both[1], alone):
        assert isinstance(one, Report)
        assert _shape(one) == _shape(report)
        assert leaks(one) == []
