"""The evaluator agrees with the kernel: fixed seeds of every kind, more than 300 rulesets and 10,000 packets."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[3]
SEEDS = {"nft": "0-169", "iptables-nft": "0-69", "iptables-legacy": "0-69", "mixed": "0-39"}


@pytest.mark.lab
@pytest.mark.parametrize("kind", SEEDS)
def test_the_kernel_agrees(kind: str) -> None:
    argv = [sys.executable, "-m", "tests.lab.differential", "--kind", kind, "--seeds", SEEDS[kind]]
    done = subprocess.run(argv, cwd=REPOSITORY, capture_output=True, text=True, timeout=300, check=False)
    found = re.search(
        r"(\d+) rulesets .* (\d+) packets, \d+ accepted, (\d+) unknown,.* (\d+) disagreements", done.stdout
    )
    assert found is not None, done.stdout + done.stderr
    rulesets, packets, unknown, disagreements = map(int, found.groups())
    assert disagreements == 0, done.stdout
    assert unknown * 100 <= packets, done.stdout
    assert rulesets >= (int(SEEDS[kind].split("-")[1]) + 1) * 0.7
