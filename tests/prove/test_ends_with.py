"""The monitor of a proof ends with the process that started it, whenever that is killed."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from landiag.prove.tools import ends_with

pytestmark = pytest.mark.skipif(not ends_with(1), reason="needs setpriv")


def test_what_starts_after_its_parent_has_gone_does_not_begin() -> None:
    done = subprocess.run((*ends_with(os.getpid() + 1), "echo", "begun"), check=False, capture_output=True)
    assert (done.returncode != 0, done.stdout) == (True, b"")
    done = subprocess.run((*ends_with(os.getpid()), "echo", "begun"), check=False, capture_output=True)
    assert (done.returncode, done.stdout) == (0, b"begun\n")


def test_what_has_started_is_ended_with_its_parent() -> None:
    starts = (
        "import os, signal, subprocess; from landiag.prove.tools import ends_with;"
        "one = subprocess.Popen((*ends_with(os.getpid()), 'sh', '-c', 'echo begun; exec sleep 60'),"
        "stdout=subprocess.PIPE); one.stdout.readline(); print(one.pid, flush=True); os.kill(os.getpid(), 9)"
    )
    # the pipe of the output ends when the last who holds it has: the sleeping one holds its parent's standard error
    done = subprocess.run((sys.executable, "-c", starts), check=False, capture_output=True, timeout=30)
    assert done.returncode == -9
    assert int(done.stdout) > 1
