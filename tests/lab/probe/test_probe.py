"""Every scenario of the client's side, held against a plain client, nmap and landiag.

CI takes each once, as root or as an ordinary user by a fixed rota; ``LANDIAG_LAB=all`` takes both.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.lab.network import Lab, build_lab
from tests.lab.probe.case import problems
from tests.lab.probe.scenario import Probe
from tests.lab.probe.scenarios import SCENARIOS, USAGE
from tests.lab.rota import is_taken

pytestmark = pytest.mark.lab

ROTA = [
    pytest.param(scenario, user, id=f"{scenario.name}-{'user' if user else 'root'}")
    for number, scenario in enumerate(SCENARIOS)
    for user in (False, True)
    if is_taken(number, user=user, period=2, root_only=scenario.root_only)
]


@pytest.mark.parametrize(("scenario", "user"), ROTA)
def test_scenario(scenario: Probe, user: bool) -> None:
    assert problems(scenario, user=user) == []


def test_names_are_unique() -> None:
    assert len({scenario.name for scenario in SCENARIOS}) == len(SCENARIOS)


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with build_lab() as lab:
        yield lab


@pytest.mark.parametrize("line", USAGE)
def test_what_cannot_be_answered_gets_one_sentence(lab: Lab, line: str) -> None:
    done = lab.client.landiag(f"probe {line}")
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1
    assert "Traceback" not in done.stderr
