"""What /proc tells of processes is what psutil tells of them on other systems."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from landiag.host import proc, psutil_calls

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has this /proc")

KEPT = frozenset({"PORT", "FLASK_APP"})
TITLED = "import os, time; os.write(1, b'x'); time.sleep(60)"


@pytest.fixture
def server() -> Iterator[int]:
    """A process with words that are easily lost: an empty one at the end, a blank, a secret."""
    child = subprocess.Popen(
        (sys.executable, "-c", TITLED, "a b", "--password", "hunter-two", ""),
        env={"PORT": "5000", "FLASK_APP": "a=b", "OTHER": "1"},
        stdout=subprocess.PIPE,
    )
    assert child.stdout is not None
    child.stdout.read(1)
    yield child.pid
    child.kill()
    child.communicate()


def by_pid(described: list[dict[str, Any]]) -> dict[int, dict[str, Any]]:
    return {
        one["pid"]: {key: one[key] for key in one if key not in ("namespace", "state")} for one in described
    }


def test_psutil_says_the_same(server: int) -> None:
    ours = by_pid(proc.describe_processes([server], KEPT, 10))
    theirs = by_pid(psutil_calls.describe_processes([server], KEPT, 10))
    assert {server, os.getpid()} <= ours.keys()
    for pid, one in theirs.items():
        if ours[pid]["exe"] is None:  # another user's: psutil guesses it from the words
            one["exe"] = None
    assert {pid: ours[pid] for pid in theirs} == theirs
    assert ours[server]["exe"] == os.path.realpath(sys.executable)


def test_words_and_variables_are_kept_as_they_are(server: int) -> None:
    found = by_pid(proc.describe_processes([server], KEPT, 10))[server]
    assert found["argv"][:1] + found["argv"][3:] == [sys.executable, "a b", "--password", "***", ""]
    assert found["environment"] == {"FLASK_APP": "a=b", "PORT": "5000"}


def test_a_process_that_is_gone_is_left_out() -> None:
    assert proc.describe_processes([999_999_999], KEPT, 10) == []


def test_nothing_is_described_when_no_time_is_left() -> None:
    assert proc.describe_processes([os.getpid()], KEPT, 0) == []


def test_own_namespace_is_none_of_the_others() -> None:
    found = proc.list_namespaces()
    assert found["own"] == proc.namespace_of("self")
    assert found["own"] not in {one["name"] for one in found["namespaces"]}
