"""How a change stands, asked of real tools in a network namespace."""

from __future__ import annotations

import subprocess
import sys

import pytest

LOOK = """
from landiag.apply.look import look
from landiag.model.changes import MainTableRule
print(look(MainTableRule({destination!r}, 5)).places)
"""


@pytest.mark.parametrize("destination", ["10.55.0.20/32", "10.55.0.0/24", "fd55::20/128", "fd55::/64"])
def test_a_rule_is_found_for_a_network_and_for_one_host(destination: str) -> None:
    add = f"ip {'-6' if ':' in destination else '-4'} rule add to {destination} lookup main pref 5"
    line = f'{add} && exec "$0" -c "$1"'
    argv = ("unshare", "-rn", "sh", "-c", line, sys.executable, LOOK.format(destination=destination))
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=60)
    assert (done.stdout, done.stderr) == ("(2,)\n", "")
