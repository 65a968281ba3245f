"""What all workers of one run share."""

from __future__ import annotations

import os
import shutil
import tempfile

import pytest
from hypothesis import settings

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
