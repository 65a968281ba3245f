"""What a phone is told: its measurements joined with the check of this machine."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from landiag.model.report import Report, Status, Verdict
from landiag.web.serve.arrivals import Stuck
from landiag.web.serve.judge import Answer, Measured, Met, Scene, judge_phone
from landiag.web.serve.run import Seen, make_report
from landiag.web.serve.state import Phone
from tests.render.reports import blocked

SCENE = Scene(5000, 8780, ("http://192.168.77.10:5000/", "http://[fd77::10]:5000/"))
CLEAR = Verdict(Status.CLEAR, "Nothing found")


def report(status: Status, cause: str | None) -> Report:
    return replace(blocked(), verdict=Verdict(status, "as the check says", cause))


def met(*words: str) -> tuple[Measured, ...]:
    return tuple(Measured(number, Met(word), 5) for number, word in enumerate(words))


@pytest.mark.parametrize(
    ("cause", "words"),
    [
        ("bound-to-loopback", "for the computer itself only"),
        ("nothing-listening", "No server is running"),
        ("firewall-drops", "firewall drops"),
        ("server-silent", "does not answer"),
    ],
)
def test_the_cause_of_the_check_explains_what_the_phone_met(cause: str, words: str) -> None:
    answer = judge_phone(SCENE, 0, met("refused"), report(Status.BLOCKED, cause))
    assert (answer.status, answer.code, words in answer.headline) == ("blocked", cause, True)


def test_an_answer_outranks_whatever_the_check_says() -> None:
    answer = judge_phone(SCENE, 0, met("silent", "answered"), report(Status.BLOCKED, "firewall-drops"))
    assert (answer.status, answer.url) == ("works", "http://[fd77::10]:5000/")
    assert "Not by http://192.168.77.10:5000/" in answer.detail


def test_the_best_address_is_named_whichever_answered_first() -> None:
    first, second = met("answered", "answered")
    assert judge_phone(SCENE, 0, (second, first), None).url == SCENE.urls[0]


@pytest.mark.parametrize(("word", "says"), [("refused", "is refused"), ("silent", "does not answer")])
def test_before_the_check_is_done_the_measurements_alone_speak(word: str, says: str) -> None:
    answer = judge_phone(SCENE, 0, met(word), None)
    assert (answer.is_final, says in answer.headline) == (False, True)


def test_a_clear_check_leaves_the_device_or_what_is_between() -> None:
    answer = judge_phone(SCENE, 0, met("silent"), report(Status.CLEAR, None))
    assert "VPN, proxy or firewall" in answer.detail


def test_phones_are_told_nothing_about_the_machine() -> None:
    """The check's own sentence names programs, users and rules: it stays on the computer."""
    for cause in ("bound-to-loopback", "firewall-drops", "duplicate-address"):
        answer = judge_phone(SCENE, 0, met("refused"), report(Status.BLOCKED, cause))
        assert "as the check says" not in answer.headline + answer.detail


def phone(address: str, status: str, url: str | None = None) -> Phone:
    return Phone(
        "x" + address, address, "Android", 0.0, 0, met("answered"), Answer(status, "said", "", None, url)
    )


def test_phones_that_get_through_make_the_report_clear() -> None:
    given = report(Status.BLOCKED, "firewall-drops")
    made = make_report(given, Seen((phone("192.168.77.20", "works", SCENE.urls[0]),)), SCENE)
    assert (made.verdict.status, made.verdict.confirmed_by, made.verdict.cause) == (
        Status.CLEAR,
        "peer",
        None,
    )
    assert not [one for one in made.findings if one.outcome.value == "blocks"]


def test_a_phone_that_is_stopped_confirms_the_check() -> None:
    given = report(Status.BLOCKED, "firewall-drops")
    made = make_report(given, Seen((phone("192.168.77.20", "blocked"),)), SCENE)
    assert (made.verdict.cause, made.verdict.confirmed_by) == ("firewall-drops", "peer")


def test_nobody_came_is_not_clear() -> None:
    made = make_report(replace(report(Status.CLEAR, None), findings=()), Seen(saw_packets=True), SCENE)
    assert (made.verdict.status, made.verdict.cause) == (Status.UNDETERMINED, "nothing-arrived")
    assert any(one.source == "capture" for one in made.findings[0].evidence)


def test_packets_that_come_to_a_closed_page_say_that_the_network_is_fine() -> None:
    stuck = Stuck("192.168.77.20", "192.168.77.20 arrived on eth0 and was dropped", None)
    clear = replace(report(Status.CLEAR, None), findings=())
    made = make_report(clear, Seen(stuck=(stuck,), saw_packets=True), SCENE)
    assert (made.verdict.status, made.verdict.cause) == (Status.UNDETERMINED, None)
    assert f"port {SCENE.page_port} is closed" in made.verdict.summary
    assert "the network between is fine" in made.findings[0].detail
    blocked = make_report(report(Status.BLOCKED, "firewall-drops"), Seen(stuck=(stuck,)), SCENE)
    assert (blocked.verdict.cause, blocked.notes[-1]) == ("firewall-drops", f"for the page: {stuck.summary}")


def test_no_phone_is_told_to_open_what_no_browser_opens() -> None:
    scene = replace(SCENE, is_web=False)
    answer = judge_phone(scene, 0, met("answered", "refused"), None)
    assert (answer.url, answer.headline) == (None, "It works: use 192.168.77.10:5000")
    assert "[fd77::10]:5000:" in answer.detail
