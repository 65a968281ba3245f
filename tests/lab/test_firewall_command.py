"""``landiag firewall`` on a real host: what it began to read ends with it."""

from __future__ import annotations

import sys

import pytest

from tests.lab.build import build
from tests.lab.scenarios import SCENARIOS

pytestmark = pytest.mark.lab


def test_a_command_that_hangs_does_not_outlive_it() -> None:
    scenario = next(one for one in SCENARIOS if one.name == "nft-hangs")
    with build(scenario) as lab:
        done = lab.server.run(
            f"{sys.executable} -m landiag firewall --port 5000 --timeout 2", check=False, timeout=20
        )
        running = lab.server.run("ps -e -o args=").stdout
    assert done.returncode == 3, done.stderr
    assert "list ruleset" not in running
