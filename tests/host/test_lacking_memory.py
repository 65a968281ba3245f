"""A reading for which there is no memory is one that failed: nothing waits for it, nothing else is lost."""

from __future__ import annotations

import time

import pytest

from landiag.host import Recorder
from landiag.model.facts import File, Reading, ReadStatus, Source


class Narrow:
    """A host that has no memory for one of its files."""

    def __init__(self, error: type[Exception]) -> None:
        self.error = error

    def read(self, source: Source) -> Reading:
        if source.name == "file:/large":
            raise self.error
        return Reading(source.name, ReadStatus.OK, b"x")


@pytest.mark.parametrize("error", [MemoryError, RuntimeError])
def test_what_has_no_memory_has_failed_and_the_rest_is_read(error: type[Exception]) -> None:
    recorder = Recorder(Narrow(error))
    started = time.monotonic()
    recorder.read_all([File("/large"), File("/small")], started + 60)
    assert time.monotonic() - started < 30
    assert recorder.readings["file:/large"].status is ReadStatus.FAILED
    assert "not enough memory" in recorder.readings["file:/large"].detail
    assert recorder.readings["file:/small"].status is ReadStatus.OK
