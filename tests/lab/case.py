"""One scenario from its first cable to the client that connects at last; what is wrong, a sentence each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from tests.lab.build import build
from tests.lab.client import measure
from tests.lab.fixes import mend
from tests.lab.network import CLIENT, CLIENT6, Lab
from tests.lab.scenario import Scenario
from tests.lab.symptom import judge_symptom
from tests.lab.verdicts import ask, judge, judge_text

RECORDING, REPLAYED = "/srv/home/case.json", "/srv/home/replayed.json"


def problems(scenario: Scenario, *, user: bool) -> list[str]:
    """Build the scenario, measure its truth, ask landiag as root or as the user, and follow its fixes."""
    with build(scenario) as lab:
        found = list(check_truth(lab, scenario))
        if not found:
            found += check_verdicts(lab, scenario, user=user)
        return found


def check_truth(lab: Lab, scenario: Scenario) -> Iterator[str]:
    """Whether the fault is there at all: no scenario stands without a measured truth."""
    truth = truth_of(lab, scenario, scenario.who)
    if truth not in scenario.truth.split("|"):
        yield f"the client gets {truth}, not {scenario.truth}"
    ordinary = truth_of(lab, scenario, "neighbour") if scenario.ordinary else None
    if ordinary != scenario.ordinary:
        yield f"its neighbour gets {ordinary}, not {scenario.ordinary}"


def check_verdicts(lab: Lab, scenario: Scenario, *, user: bool) -> Iterator[str]:
    """The user's own line, the same for one client, replayed from its recording, for people; last the fixes."""
    expected = scenario.verdict(user=user, peer=False)
    also = () if user else scenario.also
    answer = ask(lab, scenario, user=user, more=f"--json --save {RECORDING}")
    yield from judge(answer, expected, also)
    if scenario.ordinary or scenario.with_peer is None:
        yield from judge_symptom(answer.report, scenario.ordinary or scenario.truth)
    with_peer = ask(lab, scenario, user=user, more=f"--json --peer {_peer(scenario)}")
    yield from judge(with_peer, scenario.verdict(user=user, peer=True))
    yield from judge_symptom(with_peer.report, scenario.truth)
    text = ask(lab, scenario, user=user, more=f"--replay {RECORDING} --output {REPLAYED}")
    yield from judge_text(text)
    yield from judge(replace(text, output=lab.server.read(REPLAYED)), expected, also)
    owner_is_visible = not user or all(server.user for server in scenario.servers)
    if scenario.fixable and owner_is_visible and expected.status == "blocked" and answer.report:
        yield from mend(lab, scenario, answer, user=user)


def truth_of(lab: Lab, scenario: Scenario, who: str) -> str:
    """What a host of the lab really gets."""
    return measure(
        lab.host(who),
        scenario.address,
        scenario.port,
        scenario.scheme,
        scenario.attempts,
        scenario.host_name,
        scenario.patience,
    )


def _peer(scenario: Scenario) -> str:
    return scenario.peer or (CLIENT6 if ":" in scenario.address else CLIENT)
