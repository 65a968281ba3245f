"""A fixed sample of the hunt: landiag agrees with a real client, and its advice leads to a connection."""

from __future__ import annotations

import pytest

from tests.lab.hunt.__main__ import hunt
from tests.lab.hunt.paste import paste

pytestmark = pytest.mark.lab

SAMPLE = (0, 9, 10, 14, 18, 19, 25)


@pytest.mark.parametrize("seed", SAMPLE)
def test_seed(seed: int) -> None:
    result = hunt(seed)
    assert not result.wrong, f"{result.line()}\n{paste(result)}"
