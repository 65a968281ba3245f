"""What all workers of one run share."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from itertools import groupby

import pytest
from hypothesis import settings

from landiag.firewall.engine.uncollected import uncollected
from tests.cases import SHARED

settings.register_profile("busy", deadline=None)
settings.load_profile("busy")  # several workers share a processor: how long one example takes says nothing


def pytest_configure() -> None:
    """Make the folder in which workers leave cases and reports for each other; workers inherit the variable."""
    if SHARED not in os.environ:
        os.environ[SHARED] = tempfile.mkdtemp(prefix="landiag-reports-")


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove it with the run."""
    if not hasattr(config, "workerinput"):
        shutil.rmtree(os.environ.pop(SHARED), ignore_errors=True)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Collect without looking for garbage: of thousands of tests none is, and the looking is a fifth of the time."""
    with uncollected():
        return (yield)


LAB_TESTS = 12
"""Tests of the lab in a row: few, so that they can be spread; enough for what those of a file share."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Spread the tests of the lab, which wait, among the others, which compute: else they are left over at the end.

    Every worker begins with its own part of the list.
    """
    lab = [item for item in items if item.get_closest_marker("lab")]
    others = [item for item in items if not item.get_closest_marker("lab")]
    spread: list[pytest.Item] = []
    seen = taken = 0
    for _, file in groupby(others, lambda item: item.path):
        tests = list(file)
        seen += len(tests)
        due = len(lab) * seen // len(others) // LAB_TESTS * LAB_TESTS
        spread += [*tests, *lab[taken:due]]
        taken = due
    items[:] = [*spread, *lab[taken:]]
