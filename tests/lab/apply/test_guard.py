"""``--confirm-within``: a change that nobody confirms is taken back, whatever became of landiag and of its line."""

from __future__ import annotations

import os
import signal
import time

import pytest

from tests.lab.apply.terminal import QUESTIONS, client_gets, converse, go_on, journal, prepare, spawn, state
from tests.lab.network import Lab, build_lab
from tests.lab.scenario import nft_input
from tests.lab.servers import flask

pytestmark = pytest.mark.lab

SECONDS = 6
LINE = f"check --port 5000 --fix --yes --confirm-within {SECONDS}"


def lab_with_a_drop() -> Lab:
    lab = build_lab()
    prepare(lab, (nft_input("tcp dport 5000 drop"),), flask("--host 0.0.0.0"))
    return lab


def test_what_is_confirmed_stays() -> None:
    with lab_with_a_drop() as lab:
        said = converse(lab, LINE)
        assert (said.status, len(journal(lab))) == (0, 1), said.text
        time.sleep(SECONDS)
        assert client_gets(lab) == "served"


def test_what_nobody_confirms_is_taken_back() -> None:
    with lab_with_a_drop() as lab:
        before = state(lab)
        said = converse(lab, LINE, enters=False)
        assert (said.status, state(lab), journal(lab)) == (1, before, []), said.text
        assert "Nobody confirmed it" in said.text


@pytest.mark.parametrize("end", [signal.SIGHUP, signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_the_watchdog_outlives_landiag(end: signal.Signals) -> None:
    with lab_with_a_drop() as lab:
        before = state(lab)
        child = spawn(lab, LINE)
        child.expect(QUESTIONS[3])
        assert client_gets(lab) == "served"
        _end(lab, end)
        child.close(force=True)
        assert client_gets(lab) == "served", "it is taken back at its time, not before"
        assert _is_taken_back(lab, before)
        assert journal(lab) == []


def test_the_line_breaks_in_the_middle() -> None:
    """The terminal is closed, as sshd closes it when the connection is gone."""
    with lab_with_a_drop() as lab:
        before = state(lab)
        child = spawn(lab, LINE)
        child.expect(QUESTIONS[3])
        # Nothing but the terminal goes: pexpect's own close would send signals, too.
        with open(os.devnull, "rb") as nothing:
            os.dup2(nothing.fileno(), child.fileno())
        assert _is_taken_back(lab, before)


def test_a_landiag_that_is_killed_leaves_its_change_to_undo() -> None:
    with lab_with_a_drop() as lab:
        before = state(lab)
        child = spawn(lab, f"{LINE}0")
        child.expect(QUESTIONS[3])
        _end(lab, signal.SIGKILL)
        child.close(force=True)
        assert converse(lab, "undo").status == 0
        assert state(lab) == before


def test_a_change_that_was_made_and_not_noted_is_undone_all_the_same() -> None:
    """As after a kill between the two: the journal knows what was about to be done, and what was there before."""
    with lab_with_a_drop() as lab:
        before = state(lab)
        assert converse(lab, "check --port 5000 --fix").status == 0
        forget = r's/"handle":[0-9]*/"handle":null/; s/"state":"done"/"state":"planned"/'
        lab.server.run(f"sed -i '{forget}' /var/lib/landiag/*.json")
        assert converse(lab, "undo").status == 0
        assert (state(lab), journal(lab)) == (before, [])


def test_an_interrupt_at_the_question_changes_nothing() -> None:
    with lab_with_a_drop() as lab:
        before = state(lab)
        child = spawn(lab, "check --port 5000 --fix")
        child.expect(QUESTIONS[1])
        _end(lab, signal.SIGINT)
        said = go_on(child)
        assert (said.status, state(lab), journal(lab)) == (130, before, []), said.text


def _end(lab: Lab, by: signal.Signals) -> None:
    """Send a signal to the landiag that asks, from inside: other labs have processes of the same numbers.

    Its watchdog is another module.
    """
    lab.server.run(f"kill -{by.value} $(pgrep -f 'landiag chec[k]' | head -1)")


def _is_taken_back(lab: Lab, before: str) -> bool:
    deadline = time.monotonic() + SECONDS + 15
    while time.monotonic() < deadline:
        if state(lab) == before:
            return client_gets(lab) == "timeout"
        time.sleep(0.3)
    return False
