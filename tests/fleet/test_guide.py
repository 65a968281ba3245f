"""The guide in docs/fleet.md: its policy is one, its files are well formed, its words are those of the commands."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from landiag.cli.commands.fleet import FleetCommand
from landiag.fleet.formats import results_prometheus
from landiag.fleet.judge import judge_policy
from landiag.fleet.policy import parse_policy
from tests.fleet.machines import firewall, fleet, recording

GUIDE = (Path(__file__).parents[2] / "docs" / "fleet.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)


def test_the_policy_is_one_and_finds_what_the_guide_says() -> None:
    """The fleet of the guide: one web server lacks its rule at the database, and leaves a port open."""
    db = firewall("-A INPUT -s 192.168.77.20 -p tcp -m tcp --dport 5432 -j ACCEPT")
    web = firewall("-A INPUT -p tcp -m tcp --dport 80 -j ACCEPT")
    also = firewall("-A INPUT -p tcp -m multiport --dports 22,80 -j ACCEPT")
    reach = fleet(**{
        "db": recording("192.168.77.10/24", {5432: "0.0.0.0"}, db),
        "web-1": recording("192.168.77.20/24", {80: "0.0.0.0"}, web, groups="web"),
        "web-2": recording("192.168.77.21/24", {80: "0.0.0.0"}, also, groups="web"),
        "office-pc": recording("10.99.0.20/24"),
    })  # fmt: skip
    (policy,) = blocks("toml")
    results = judge_policy(parse_policy(policy), reach)
    assert [one.state.value for one in results] == ["holds", "violated", "violated"]
    gauges = set(re.findall(r"landiag_policy_\w+", results_prometheus(results)))
    assert set(re.findall(r"landiag_policy_\w+", GUIDE)) <= gauges


def test_its_files_are_well_formed() -> None:
    yaml = pytest.importorskip("yaml", reason="PyYAML is not installed (it comes with ansible-core)")
    found = [yaml.safe_load(text) for text in blocks("yaml")]
    assert [next(iter(one)) for one in found] == ["groups", "policy", "name"]
    for text in blocks("python"):
        ast.parse(text)


@pytest.mark.parametrize(
    ("number", "schema"), [(1, "vendor.gitlab-ci"), (2, "vendor.github-workflows")], ids=("gitlab", "github")
)
def test_a_forge_takes_its_jobs_as_they_stand(number: int, schema: str, tmp_path: Path) -> None:
    file = tmp_path / "jobs.yml"
    file.write_text(blocks("yaml")[number], encoding="utf-8")
    argv = (sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, str(file))
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_its_commands_are_there() -> None:
    named = set(re.findall(r"landiag\s+fleet (\w+)", GUIDE)) | set(re.findall(r"`fleet (\w+)", GUIDE))
    assert named - {"answers"} == {one.value for one in FleetCommand}
