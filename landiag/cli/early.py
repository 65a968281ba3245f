"""Reading begins before the judges are imported: that takes as long as many machines need to answer."""

from __future__ import annotations

import sys

from landiag.collect.machine import system_name
from landiag.collect.systems import first_sources
from landiag.host import Recorder


def begin_reading(recorder: Recorder) -> None:
    """Begin to read what is read of this machine first; whoever reads it again waits for the answers."""
    recorder.begin(first_sources(system_name(sys.platform)))
