"""The evaluator agrees with the kernel: fixed seeds of every kind, more than 300 rulesets and 10,000 packets."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.lab.older import missing

NEEDS = {"ufw": "/usr/sbin/ufw", "firewalld": "/usr/sbin/firewalld"}
REPOSITORY = Path(__file__).resolve().parents[3]
SEEDS = {
    "nft": "0-134",
    "iptables-nft": "0-49",
    "iptables-legacy": "0-49",
    "mixed": "0-24",
    "bridge": "0-24",
    "docker": "0-29",
    "firewalld": "0-9",
    "ufw": "0-9",
}

WITH_REGIONS = ("firewalld", "ufw")
"""Kinds of which the regions are held to the kernel, too; a longer run takes every kind (``--regions``)."""


@pytest.mark.lab
@pytest.mark.parametrize("kind", SEEDS)
def test_the_kernel_agrees(kind: str) -> None:
    if reason := missing(NEEDS.get(kind, "")):
        pytest.skip(reason)
    argv = [sys.executable, "-m", "tests.lab.differential", "--kind", kind, "--seeds", SEEDS[kind]]
    argv += ["--regions"] if kind in WITH_REGIONS else []
    done = subprocess.run(argv, cwd=REPOSITORY, capture_output=True, text=True, timeout=300, check=False)
    found = re.search(
        r"(\d+) rulesets .* (\d+) packets, \d+ accepted, (\d+) unknown,.* (\d+) disagreements", done.stdout
    )
    assert found is not None, done.stdout + done.stderr
    rulesets, packets, unknown, disagreements = map(int, found.groups())
    assert disagreements == 0, done.stdout
    assert unknown * 100 <= packets, done.stdout
    assert rulesets >= (int(SEEDS[kind].split("-")[1]) + 1) * 0.7
