"""The lab's scenarios as a data set that others can use: a folder for each case, a readme, a scorer."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from landiag.explain import list_codes
from landiag.host.recording import parse_recording, render_recording
from landiag.version import __version__
from tests.cases import replay
from tests.lab import scenarios
from tests.lab.build import build
from tests.lab.case import RECORDING, check_truth
from tests.lab.network import CLIENT
from tests.lab.record import elsewhere
from tests.lab.scenario import Scenario
from tests.lab.symptom import symptoms
from tests.lab.verdicts import ask

HERE = Path(__file__).parent


def export(scenario: Scenario, folder: Path) -> list[str]:
    """Build a scenario and write its case; what is wrong with the scenario itself, a sentence each."""
    with build(scenario) as lab:
        if wrong := list(check_truth(lab, scenario)):
            return wrong
        ask(lab, scenario, user=False, more=f"--json --save {RECORDING}")
        recording = elsewhere(parse_recording(lab.server.read(RECORDING)))
    place = folder / "cases" / scenario.name
    place.mkdir(parents=True, exist_ok=True)
    (place / "recording.json").write_text(render_recording(recording), encoding="utf-8")
    _write(place / "case.json", _case(scenario))
    return []


def finish(folder: Path) -> int:
    """Write what is beside the cases: readme, causes, landiag's answers, scorer. Gives the number of cases."""
    lines = [json.dumps(_answer(file)) for file in sorted((folder / "cases").glob("*/recording.json"))]
    (folder / "answers").mkdir(parents=True, exist_ok=True)
    (folder / "answers" / "landiag.jsonl").write_text(
        "".join(f"{line}\n" for line in lines), encoding="utf-8"
    )
    _write(folder / "causes.json", dict(list_codes()))
    text = (HERE / "README.md").read_text(encoding="utf-8")
    (folder / "README.md").write_text(text.format(number=len(lines), version=__version__), encoding="utf-8")
    shutil.copy(HERE / "score.py", folder / "score.py")
    return len(lines)


def _case(scenario: Scenario) -> dict[str, object]:
    """What is asked, what the client got, and what is right."""
    expected = scenario.verdict(user=False, peer=False)
    return {
        "name": scenario.name,
        "family": _family(scenario),
        "fault": scenario.fault,
        "question": {"client": scenario.peer or CLIENT, "address": scenario.address, "port": scenario.port},
        "truth": scenario.truth,
        "client_sees": sorted({outcome for outcome, _ in symptoms(scenario.truth)}),
        "label": {
            "status": expected.status,
            "causes": (expected.cause or "").split("|") if expected.cause else [],
        },
    }


def _family(scenario: Scenario) -> str:
    """The name of the file in which the scenario stands."""
    families = vars(scenarios).items()
    return next(name for name, module in families if scenario in getattr(module, "SCENARIOS", ()))


def _answer(file: Path) -> dict[str, str | None]:
    """What landiag says of a recording."""
    verdict = replay(parse_recording(file.read_text(encoding="utf-8"))).verdict
    return {"case": file.parent.name, "status": verdict.status.value, "cause": verdict.cause}


def _write(file: Path, content: object) -> None:
    file.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
