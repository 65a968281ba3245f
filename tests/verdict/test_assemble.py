"""A verdict that the client's own view does not bear out is none; who is meant is said."""

from __future__ import annotations

from landiag.checks.case import answer
from landiag.model.report import Finding, Fix, Outcome, Status
from landiag.model.terms import CheckName, Symptom
from landiag.verdict.assemble import judge, reconcile
from landiag.verdict.symptom import describe_symptom

CLEAR = judge([(CheckName.FIREWALL, answer([], "no rules loaded"))], None)


def test_nothing_found_is_clear_where_the_client_is_answered() -> None:
    assert reconcile(CLEAR, describe_symptom(Symptom.ANSWERED)) == CLEAR
    named = judge([(CheckName.FIREWALL, answer([], ""))], None, "the device at 192.168.77.20")
    assert named.verdict.summary == "Nothing on this machine stops the device at 192.168.77.20"


def test_nothing_found_is_undetermined_where_nobody_knows_what_the_client_sees() -> None:
    held = reconcile(CLEAR, describe_symptom(Symptom.UNKNOWN))
    assert (held.verdict.status, held.verdict.cause) == (Status.UNDETERMINED, "firewall-unreadable")
    assert held.verdict.summary.startswith("Whether other devices get in:")
    assert [(line.check, line.outcome) for line in held.checks] == [(CheckName.FIREWALL, Outcome.UNKNOWN)]


def test_of_what_is_unknown_the_firewall_is_named_first() -> None:
    silent = Finding("server-silent", Outcome.UNKNOWN, "Whether the server answers")
    unread = Finding("firewall-unreadable", Outcome.UNKNOWN, "The firewall rules can only be read as root")
    checks = [(CheckName.APPLICATION, answer([silent], "")), (CheckName.FIREWALL, answer([unread], ""))]
    verdict = judge(checks, "firewall-drops").verdict
    assert (verdict.summary, verdict.likely) == (unread.title, "firewall-drops")
    free = Finding("nothing-listening", Outcome.UNKNOWN, "Whether anything listens")
    assert judge([(CheckName.LISTENING, answer([free], ""))], None).verdict.likely == "nothing-listening"


def test_a_server_that_two_fixes_start_anew_is_started_by_the_first_one_s_command() -> None:
    """The second one's would bring the first fault back: it is the command as it runs now."""
    wide = Fix("Listen on all", ("serve --host 0.0.0.0",), needs="restart-server", stop_pid=7)
    same = Fix("Add the name", ("serve",), needs="restart-server", stop_pid=7, steps=("Add the name.",))
    bound = Finding("bound-to-loopback", Outcome.BLOCKS, "Bound", fixes=(wide,))
    refused = Finding("host-header-rejected", Outcome.BLOCKS, "Refused", fixes=(same,))
    told = judge(
        [(CheckName.LISTENING, answer([bound], "")), (CheckName.APPLICATION, answer([refused], ""))], None
    )
    first, second = (finding.fixes[0] for finding in told.findings)
    assert first == wide
    assert (second.commands, second.stop_pid) == ((), None)
    assert second.steps == ("Add the name.", "Then start it again as above.")
