"""The report of a watch: what was seen overrules what was predicted."""

from __future__ import annotations

from msgspec.structs import replace

from landiag.model.report import Finding, Outcome, Report, Status, Verdict
from landiag.watch.conclude import Attempt
from landiag.watch.report import MAX_CLIENTS, Tally, Watched, make_report
from tests.render.reports import blocked, clear

MAC = "52:54:00:0a:0b:0c"


def attempt(
    outcome: str, cause: str | None = None, client: str = "192.168.77.20", at: float = 1.0
) -> Attempt:
    kind = Outcome.BLOCKS if cause else Outcome.UNKNOWN
    finding = None if outcome == "connected" else Finding(cause or "other-firewall", kind, f"seen: {cause}")
    address = "fd77::10" if ":" in client else "192.168.77.10"
    return Attempt(
        at,
        client,
        address,
        5000,
        "eth0",
        outcome,
        cause,
        None,
        None,
        f"{client} {outcome}",
        mac=MAC,
        finding=finding,
    )


def report(base: Report, *attempts: Attempt) -> Report:
    tally = Tally()
    for one in attempts:
        tally.add(one)
    return make_report(base, Watched(20.0, tally))


def test_a_client_that_gets_through_overrules_the_prediction() -> None:
    made = report(blocked(), attempt("connected"))
    assert (made.verdict.status, made.verdict.cause, made.verdict.confirmed_by) == (
        Status.CLEAR,
        None,
        "watch",
    )
    assert not [one for one in made.findings if one.outcome is Outcome.BLOCKS]
    assert not [one for one in made.checks if one.outcome is Outcome.BLOCKS]


def test_a_client_that_is_stopped_overrules_a_clear_check() -> None:
    made = report(clear(), attempt("dropped", "firewall-drops"))
    assert (made.verdict.status, made.verdict.cause, made.command) == (
        Status.BLOCKED,
        "firewall-drops",
        "watch",
    )
    (check,) = [one for one in made.checks if one.check == "firewall"]
    assert (check.outcome, check.findings[0]) == (Outcome.BLOCKS, made.findings[0].id)


def test_the_last_attempt_of_a_client_counts() -> None:
    made = report(clear(), attempt("dropped", "firewall-drops"), attempt("connected", at=30.0))
    assert made.verdict.status is Status.CLEAR


def test_one_client_that_is_stopped_is_not_hidden_by_others() -> None:
    made = report(
        clear(), attempt("refused", "nothing-listening"), attempt("connected", client="192.168.77.21")
    )
    assert (made.verdict.status, made.verdict.cause) == (Status.BLOCKED, "nothing-listening")
    sees = made.verdict.client_sees
    assert sees is not None
    assert sees.text == "The device at 192.168.77.20 sees: connection refused, at once."


def test_a_device_that_gets_through_by_the_other_family_is_not_stopped() -> None:
    made = report(clear(), attempt("dropped", "firewall-drops", "fd77::20"), attempt("connected", at=1.3))
    assert made.verdict.status is Status.CLEAR
    assert [one.outcome for one in made.findings if one.code == "firewall-drops"] == [Outcome.WARNS]


def test_silence_that_nobody_explains_is_undetermined_and_named() -> None:
    made = report(clear(), attempt("unanswered"))
    assert (made.verdict.status, made.verdict.cause) == (Status.UNDETERMINED, "other-firewall")
    assert made.verdict.cause in {one.code for one in made.findings}


def test_nothing_arrived_says_what_to_try_in_order() -> None:
    made = report(clear())
    (finding,) = [one for one in made.findings if one.code == "nothing-arrived"]
    assert (made.verdict.status, made.verdict.cause) == (Status.UNDETERMINED, "nothing-arrived")
    assert len(finding.fixes[0].steps) >= 4
    assert "20 s" in finding.title


def test_where_nobody_listens_no_packet_is_needed_to_say_so() -> None:
    listening = Finding("nothing-listening", Outcome.BLOCKS, "nothing is listening on port 5000", id="f1")
    verdict = Verdict(Status.BLOCKED, listening.title, listening.code)
    made = report(replace(clear(), verdict=verdict, findings=(listening,)))
    assert (made.verdict.status, made.verdict.cause) == (Status.BLOCKED, "nothing-listening")
    assert [one.code for one in made.findings] == ["nothing-listening"]


def test_a_scan_of_thousands_of_sources_does_not_fill_the_memory() -> None:
    tally = Tally()
    for number in range(MAX_CLIENTS + 50):
        tally.add(replace(attempt("connected"), client=f"10.0.{number // 250}.{number % 250}"))
    assert (len(tally.last), tally.forgotten, tally.counts) == (
        MAX_CLIENTS,
        50,
        {"connected": MAX_CLIENTS + 50},
    )


def test_a_warning_of_the_check_is_not_hidden_by_what_was_seen() -> None:
    warning = Finding("port-unsafe-in-browsers", Outcome.WARNS, "browsers refuse it", id="f1", hidden_by="f2")
    made = report(replace(clear(), findings=(warning,)), attempt("dropped", "firewall-drops"))
    assert [(one.code, one.hidden_by) for one in made.findings] == [
        ("firewall-drops", None),
        ("port-unsafe-in-browsers", None),
    ]


def test_no_stage_stops_the_way_by_which_a_client_got_through() -> None:
    base = blocked()
    way = next(one for one in base.paths if one.address == "192.168.77.10")
    assert Outcome.BLOCKS in [one.outcome for one in way.stages]
    made = report(base, attempt("connected"))
    (same,) = [one for one in made.paths if one.id == way.id]
    assert same.outcome is Outcome.OK
    assert Outcome.BLOCKS not in [one.outcome for one in same.stages]
    assert Outcome.WARNS in [one.outcome for one in same.stages]
