"""The JSON of firewall and fleet says whether it is redacted, and then holds nothing that was planted."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from landiag.host import render_recording
from tests.fleet.machines import firewall, recording
from tests.redact.plant import STEM, found

FIREWALL = [
    "firewall --ruleset rules --port 5000 --from 192.168.77.20 --json",
    "firewall --ruleset rules --packets packets.jsonl --json",
    "firewall --ruleset rules --all --json",
]
FLEET = [
    f"fleet {name} --json"
    for name in (
        "report hosts",
        "matrix hosts",
        "exposed hosts",
        "drift hosts",
        "test hosts",
        "diff hosts other",
    )
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ruleset and two fleets whose hosts, and comments bear planted names."""
    where = tmp_path_factory.mktemp("planted")
    (where / "rules").write_text(firewall(f'-A INPUT -s 192.168.77.20 -m comment --comment "{STEM}" -j DROP'))
    (where / "packets.jsonl").write_text('{"source": "192.168.77.20", "port": 5000}\n')
    for name, port in (("hosts", 80), ("other", 81)):
        (where / name).mkdir()
        for at in (10, 20):
            rules = firewall(f'-A INPUT -s 10.1.2.3 -m comment --comment "{STEM}" -j ACCEPT', policy="ACCEPT")
            one = recording(f"192.168.77.{at}/24", {port: "0.0.0.0"}, rules, hostname=f"{STEM}{at}")
            (where / name / f"{STEM}{at}.json").write_text(render_recording(one))
        (where / name / "policy.toml").write_text(
            'schema = "landiag.policy/1"\n[[expect]]\n'
            f'to = "{STEM}10"\nport = 80\nfrom = ["{STEM}20"]\nbe = "reachable"\n'
        )
    return where


def _said(folder: Path, line: str) -> tuple[int, str, dict[str, Any]]:
    done = subprocess.run(
        (sys.executable, "-m", "landiag", *line.split()), cwd=folder, capture_output=True, text=True, check=False,
        timeout=120,
    )  # fmt: skip
    assert done.returncode in (0, 1, 3), done.stderr
    return done.returncode, done.stdout + done.stderr, json.loads(done.stdout)


@pytest.mark.parametrize("line", [*FIREWALL, *FLEET])
def test_json_says_that_it_is_redacted_and_holds_nothing_planted(folder: Path, line: str) -> None:
    status, text, document = _said(folder, line)
    assert document["redacted"] is False
    assert found(text), "nothing is planted: nothing is tested"
    again, masked, redacted = _said(folder, f"{line} --redact")
    assert (again, redacted["redacted"], found(masked)) == (status, True, [])
