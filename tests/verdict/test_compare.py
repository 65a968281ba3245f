"""What changed between two reports: every kind of change is told, and the one that explains the verdict first."""

from __future__ import annotations

import json

import pytest
from msgspec.structs import replace

from landiag.gather import gather
from landiag.host import RecordedHost, Recorder, Recording
from landiag.model.host import Facts
from landiag.model.report import Outcome, Path, Report, Stage
from landiag.model.terms import StageName
from landiag.render.changes import CHANGE_RENDERERS, render_changes
from landiag.verdict.change import KINDS, Change
from landiag.verdict.compare import compare
from tests.cases import load, replay, report_of
from tests.render.reports import blocked, clear


def _facts(recording: Recording) -> Facts:
    return gather(Recorder(RecordedHost(recording.readings)), float("inf"))[1]


def _changed(recording: Recording, source: str, old: str, new: str) -> Recording:
    """The same machine with one thing different."""
    reading = recording.readings[source]
    assert old in reading.text
    data = reading.text.replace(old, new).encode()
    return replace(recording, readings={**recording.readings, source: replace(reading, data=data)})


def _compare(before: Recording, after: Recording) -> tuple[Change, ...]:
    return compare(replay(before), replay(after), (_facts(before), _facts(after)))


def test_nothing_changed() -> None:
    recording = load("linux-clear").recording
    assert _compare(recording, recording) == ()
    assert compare(blocked(), blocked()) == ()
    assert render_changes(()) == "Nothing that matters changed between the two.\n"


def test_new_rule_is_told_right_after_the_verdict() -> None:
    changes = _compare(load("linux-clear").recording, load("linux-firewall-drops-range").recording)
    assert changes[0].kind == "verdict"
    assert "firewall-drops" in changes[0].after
    rules = [change for change in changes if change.kind == "rule"]
    assert any("192.168.64.0/18" in change.after and "is new" in change.text for change in rules)
    assert list(dict.fromkeys(change.kind for change in changes))[:3] == ["verdict", "reach", "rule"]


def test_moved_listener_is_told_right_after_the_verdict() -> None:
    changes = _compare(load("linux-clear").recording, load("linux-bound-to-loopback").recording)
    assert [change.kind for change in changes][:2] == ["verdict", "listener"]
    assert any("127.0.0.1:5000" in change.after for change in changes if change.kind == "listener")
    assert any("0.0.0.0:5000" in change.before for change in changes if change.kind == "listener")


def test_new_address_and_route_are_told() -> None:
    before = load("linux-clear").recording
    after = _changed(before, "ip-addresses", '"192.168.77.10"', '"192.168.77.11"')
    changes = _compare(before, after)
    assert {"192.168.77.10/24 on eth0", "192.168.77.11/24 on eth0"} <= {
        change.before or change.after for change in changes if change.kind == "address"
    }


def test_reports_alone_tell_verdict_checks_and_deciders() -> None:
    changes = compare(clear(), blocked())
    kinds = [change.kind for change in changes]
    assert kinds[:2] == ["question", "verdict"]
    assert "check" in kinds
    assert changes[1].after == "bound-to-loopback"
    assert all(change.kind in KINDS for change in changes)


def _decided(
    stage: StageName, by: str, outcome: Outcome = Outcome.OK, address: str = "192.168.77.10"
) -> Report:
    return replace(
        clear(), paths=(Path("way1", "eth0", address, 4, None, outcome, (Stage(stage, outcome, "", by),)),)
    )


@pytest.mark.parametrize(
    ("stage", "kind"),
    [(StageName.INPUT, "rule"), (StageName.REPLY_ROUTE, "route"), (StageName.LINK, "address")],
)
def test_reports_alone_tell_who_decides_now(stage: StageName, kind: str) -> None:
    changes = compare(_decided(stage, "A"), _decided(stage, "B", Outcome.BLOCKS))
    text = f"At the stage {stage}, the decision was ok A, now blocks B"
    assert [(one.kind, one.text) for one in changes] == [(kind, text)]


@pytest.mark.parametrize("turned", [1, -1])
def test_nothing_is_told_of_stages_that_one_of_the_two_does_not_reach(turned: int) -> None:
    """A firewall that stops clients now says nothing of the listener, and of the routes, behind it."""
    before, after = (report_of(name) for name in ("linux-clear", "linux-ufw-enabled")[::turned])
    changes = [one for one in compare(before, after) if one.kind in ("rule", "route", "listener")]
    assert {one.text.partition(",")[0] for one in changes} == {"At the stage input"}
    assert {(one.before or one.after or "").partition(" ")[0] for one in changes} <= {"ok", "blocks"}


def test_the_first_way_is_compared_though_its_address_has_changed() -> None:
    before, after = _decided(StageName.INPUT, "A"), _decided(StageName.INPUT, "B", address="10.0.0.1")
    texts = [change.text for change in compare(before, after)]
    assert "At the stage input, the decision was ok A, now ok B" in texts
    assert "The way in by 10.0.0.1 on eth0 is new" in texts
    assert [one.kind for one in compare(before, replace(after, paths=()))] == ["address"]


def test_other_machine_is_said() -> None:
    other = replace(blocked(), host=replace(blocked().host, hostname="beta", privileged=False))
    texts = [change.text for change in compare(blocked(), other)]
    assert texts == [
        "The machine: hostname was alpha, now beta",
        "The machine: the user who asked was as root, now as a normal user",
    ]


@pytest.mark.parametrize("suffix", CHANGE_RENDERERS)
def test_every_format_shows_every_change(suffix: str) -> None:
    changes = (
        Change("rule", "The rule <script>x</script> is new\x1b[31m", after="x"),
        Change("address", "gone"),
    )
    shown = CHANGE_RENDERERS[suffix](changes)
    assert "\x1b" not in shown
    assert "gone" in shown
    assert suffix in (".json", ".txt") or "<script>x" not in shown.replace("`<script>x", "")
    if suffix == ".json":
        assert [item["kind"] for item in json.loads(shown)["changes"]] == ["rule", "address"]
