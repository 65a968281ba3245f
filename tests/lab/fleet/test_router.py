"""A small sample of ``python -m tests.lab.fleet``: every kind of host, and a router that no recording shows."""

from __future__ import annotations

import pytest

from tests.lab.fleet.compare import compare
from tests.lab.fleet.world import build_world

pytestmark = pytest.mark.lab


def test_real_connections_agree_with_the_matrix_and_the_router_is_named() -> None:
    with build_world(networks=2, each=3, seed=1) as world:
        tally = compare(world, connections=120, seed=1)
    assert tally.wrong == []
    assert (tally.connections, tally.between > 0) == (120, True)
    assert set(tally.verdicts) == {"blocked", "no-listener", "reachable"}
