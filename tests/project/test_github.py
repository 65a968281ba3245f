"""What the forge reads is of the shape that the forge accepts; the runs themselves happen there."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
FORMS = ROOT / ".github" / "ISSUE_TEMPLATE"
SCHEMAS = {
    ROOT / ".github" / "dependabot.yml": "vendor.dependabot",
    ROOT / ".github" / "workflows" / "ci.yml": "vendor.github-workflows",
    ROOT / ".github" / "workflows" / "release.yml": "vendor.github-workflows",
    FORMS / "config.yml": "vendor.github-issue-config",
    FORMS / "idea.yml": "vendor.github-issue-forms",
    FORMS / "wrong-answer.yml": "vendor.github-issue-forms",
}


def _read(name: str) -> Any:
    yaml = pytest.importorskip("yaml", reason="PyYAML is not installed (it comes with ansible-core)")
    return yaml.safe_load((ROOT / ".github" / "workflows" / name).read_text(encoding="utf-8"))


def _check(file: Path, schema: str) -> subprocess.CompletedProcess[str]:
    argv = (sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, str(file))
    return subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)


def test_every_file_has_its_schema() -> None:
    assert set(SCHEMAS) == set((ROOT / ".github").rglob("*.yml"))


@pytest.mark.parametrize("file", SCHEMAS, ids=lambda file: file.name)
def test_file_fits_its_schema(file: Path) -> None:
    done = _check(file, SCHEMAS[file])
    assert done.returncode == 0, done.stdout + done.stderr


def test_schema_refuses_a_workflow_without_a_machine(tmp_path: Path) -> None:
    broken = shutil.copy(ROOT / ".github" / "workflows" / "ci.yml", tmp_path)
    text = Path(broken).read_text(encoding="utf-8").replace("    runs-on: ubuntu-latest\n", "")
    Path(broken).write_text(text, encoding="utf-8")
    assert _check(Path(broken), "vendor.github-workflows").returncode == 1


def test_issue_form_asks_for_the_report_as_the_readme_does() -> None:
    said = (
        "On the server: `landiag check --port 5000 --redact --output report.md`, then paste report.md here."
    )
    assert said in (FORMS / "wrong-answer.yml").read_text(encoding="utf-8")
    assert said in (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("job", ["tests", "others"])
def test_job_that_runs_tests_installs_what_they_import(job: str) -> None:
    jobs = _read("ci.yml")["jobs"]
    lines = [step["run"] for step in jobs[job]["steps"] if "run" in step]
    installs = [number for number, line in enumerate(lines) if '".[test]"' in line or line == "./test"]
    tests = [number for number, line in enumerate(lines) if "pytest" in line or line == "./test"]
    assert installs
    assert installs[0] <= tests[0]


def test_hooks_leave_alone_what_a_program_writes() -> None:
    """pre-commit names each file, and ruff takes a named one although it is excluded."""
    hooks = re.findall(r"entry: \.venv/bin/ruff (.+)", (ROOT / ".pre-commit-config.yaml").read_text("utf-8"))
    written = "ansible/landiag/plugins/module_utils/recorder.py"
    for hook in hooks:
        argv = (sys.executable, "-m", "ruff", *hook.split(), written)
        dry = (*argv, "--check") if hook.startswith("format") else argv
        assert subprocess.run(dry, cwd=ROOT, capture_output=True, check=False).returncode == 0
    assert len(hooks) == 2


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.name)
def test_action_is_named_by_a_commit(file: Path) -> None:
    """A tag can be moved to other code; the version beside it is what dependabot and people read."""
    used = re.findall(r"uses: (.+)", file.read_text(encoding="utf-8"))
    assert used
    assert [line for line in used if not re.fullmatch(r"[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line)] == []


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.name)
def test_job_that_may_write_runs_nothing_of_others(file: Path) -> None:
    """What is installed to build something runs without a token that writes: such a job takes finished files alone."""
    workflow = _read(file.name)
    assert workflow["permissions"] == {"contents": "read"}
    for job in workflow["jobs"].values():
        ran = "\n".join(step.get("run", step.get("uses", "")) for step in job["steps"])
        assert "permissions" not in job or not re.search("install|checkout", ran)


def test_whatever_is_released_is_attested() -> None:
    jobs = _read("release.yml")["jobs"]
    attest, create = jobs["release"]["steps"][-2:]
    subject = attest["with"]["subject-path"].removeprefix("all/")
    assert f"sha256sum -- {subject} " in create["run"]
    assert f" -- {subject} " in create["run"].splitlines()[-1]
