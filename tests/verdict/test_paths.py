"""The ways in as a report shows them: the stages of each, where it stops, and what is said of one that is fine."""

from __future__ import annotations

import pytest

from landiag.model.report import Finding, Outcome, Path
from landiag.model.terms import StageName
from landiag.verdict.paths import _stands_at
from tests.cases import NAMES, report_of

MAIN = "link address ingress prerouting nat route input socket accept-queue reply-route reply application"


def stops(path: Path) -> str:
    """The stages that stop the way, or that nobody can tell of."""
    wrong = [one for one in path.stages if one.outcome not in (Outcome.OK, Outcome.NOT_APPLICABLE)]
    return " ".join(f"{one.stage.value}={one.outcome.value}" for one in wrong)


@pytest.mark.parametrize(
    ("case", "first", "second"),
    [
        (
            "linux-firewalld-strict",
            "forward=blocks",
            "input=blocks",
        ),  # IPv4 goes on to a container, IPv6 does not
        (
            "linux-bridge-output-drops",
            "reply=blocks",
            "socket=blocks",
        ),  # the other way's own fault is a warning
        ("linux-answers-spread-over-the-tunnel", "reply-route=unknown", "socket=blocks"),
        ("linux-nft-output-policy", "reply=blocks", "link=blocks"),  # IPv6 is not listened on either
    ],
)
def test_each_way_stops_at_its_own_stage(case: str, first: str, second: str) -> None:
    ways = report_of(case).paths
    assert [stops(one) for one in ways[:2]] == [first, second]
    assert [one.outcome.value for one in ways[:2]] == [one.rpartition("=")[2] for one in (first, second)]


@pytest.mark.parametrize(
    ("case", "stages"),
    [
        ("linux-bridge-output-drops", MAIN),
        ("linux-firewalld-strict", MAIN.replace("input", "forward")),
    ],
)
def test_stages_stand_in_the_order_in_which_packets_meet_them(case: str, stages: str) -> None:
    way = report_of(case).paths[0]
    assert " ".join(one.stage.value for one in way.stages) == stages
    stop = next(number for number, one in enumerate(way.stages) if one.outcome is Outcome.BLOCKS)
    assert all(one.outcome is Outcome.OK for one in way.stages[:stop])
    assert {one.detail for one in way.stages[stop + 1 :]} == {"not reached"}


@pytest.mark.parametrize("case", NAMES)
def test_nothing_is_said_of_stages_behind_the_one_that_stops(case: str) -> None:
    """Also where something was found there: a second fault on the same way, or what nobody could ask."""
    for way in report_of(case).paths:
        outcomes = [one.outcome for one in way.stages]
        if Outcome.BLOCKS in outcomes:
            behind = outcomes[outcomes.index(Outcome.BLOCKS) + 1 :]
            assert set(behind) <= {Outcome.NOT_APPLICABLE}, way


def test_what_is_said_of_a_filter_is_what_it_does_with_the_first_packet() -> None:
    """What follows of an open connection meets other rules, which say nothing of new clients."""
    for way in report_of("linux-ufw-default-allow").paths:
        said = next(one.detail for one in way.stages if one.stage is StageName.INPUT)
        assert said.endswith("-m conntrack --ctstate NEW -j ACCEPT")


@pytest.mark.parametrize("found", [None, StageName.INPUT, StageName.FORWARD])
@pytest.mark.parametrize("passed", [StageName.INPUT, StageName.FORWARD])
def test_a_filter_stops_a_way_at_the_filter_that_the_way_passes(
    found: StageName | None, passed: StageName
) -> None:
    """A filter that is known by its program alone says no stage: it is the input's in the table of causes."""
    finding = Finding("other-firewall", Outcome.UNKNOWN, "a program filters", stage=found)
    assert _stands_at(finding, (StageName.LINK, passed, StageName.SOCKET)) is passed
