"""What an attempt means, where the machine's own rules say that they drop it."""

from __future__ import annotations

import pytest

from landiag.watch.conclude import Attempt, conclude
from landiag.watch.events import Drop, Segment
from landiag.watch.flow import Flow, Observed, Seen
from landiag.watch.meanings import reason_of
from landiag.watch.session import make_snapshot
from landiag.watch.snapshot import Prediction, predict
from tests.cases import load

SYN = Segment(
    5.0, "eth0", False, "192.168.77.20", 40000, "192.168.77.10", 5000, 2, 1, mac="02:00:00:00:00:01"
)
DROPPED = Drop(5.0, "NETFILTER_DROP", "nf_hook_slow", 4)
OF_A_PROGRAM = Drop(5.0, "XDP", "bpf_prog_run_xdp", 4)  # what the program does nobody knows
NO_ROUTE = Drop(5.0, "IP_OUTNOROUTES", "ip_output", 4)


@pytest.fixture(scope="module")
def prediction() -> Prediction:
    found = predict(
        make_snapshot(load("linux-firewall-drops-nftables").recording.readings),
        SYN,
        "eth0",
        wants_fixes=False,
    )
    assert found is not None
    return found


def concluded(observed: Observed, prediction: Prediction | None, *drops: Drop) -> Attempt:
    return conclude(Seen(Flow(SYN, ["eth0"], [5.0, 6.0]), observed, 7.5, drops, {}), prediction)


def sources(attempt: Attempt) -> list[str]:
    return [] if attempt.finding is None else [one.source for one in attempt.finding.evidence]


def test_what_the_model_expected_and_the_kernel_says_names_the_rule(prediction: Prediction) -> None:
    found = concluded(Observed.NO_ANSWER, prediction, DROPPED)
    assert (found.outcome, found.cause, found.drop_reason) == ("dropped", "firewall-drops", "NETFILTER_DROP")
    assert (found.at, found.seconds, found.disagrees) == (5.0, 2.5, None)
    assert found.decided_by is not None
    assert {"capture", "skb:kfree_skb"} <= set(sources(found))


def test_a_client_that_connected_was_dropped_by_nothing(prediction: Prediction) -> None:
    found = concluded(Observed.CONNECTED, prediction, DROPPED)
    assert (found.outcome, found.cause, found.finding) == ("connected", None, None)
    assert (found.drop_reason, found.decided_by) == (None, None)
    assert str(found.disagrees).startswith("the model was wrong: it expected the rule ")


def test_without_a_model_no_rule_is_named() -> None:
    found = concluded(Observed.NO_ANSWER, None, DROPPED)
    assert (found.cause, found.decided_by, found.disagrees) == ("firewall-drops", None, None)


def test_of_two_reasons_the_one_is_meant_that_is_certain() -> None:
    assert reason_of((OF_A_PROGRAM, DROPPED)) == DROPPED
    assert reason_of((OF_A_PROGRAM, NO_ROUTE)) == NO_ROUTE
    assert reason_of((OF_A_PROGRAM,)) == OF_A_PROGRAM
    assert reason_of(()) is None
