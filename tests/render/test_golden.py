"""Each format of each kind of report, against the file that people saw and found good.

After a wanted change: ``python -m tests.render.test_golden`` writes the files anew; look at the difference.
"""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path

import jsonschema_rs
import pytest

from landiag.cli.files.outputs import RENDERERS
from landiag.render.terminal import Style, render_terminal
from tests.render.reports import KINDS

FOLDER = Path(__file__).parent / "golden"


@pytest.mark.parametrize("suffix", RENDERERS)
@pytest.mark.parametrize("kind", KINDS)
def test_report_looks_as_it_did(kind: str, suffix: str) -> None:
    golden = (FOLDER / f"{kind}{suffix}").read_text(encoding="utf-8")
    assert RENDERERS[suffix](KINDS[kind]()) == golden


@pytest.mark.parametrize("kind", KINDS)
def test_terminal_looks_as_it_did(kind: str) -> None:
    golden = (FOLDER / f"{kind}.terminal").read_text(encoding="utf-8")
    assert render_terminal(KINDS[kind](), Style(80, colour=True)) == golden


@pytest.mark.parametrize("kind", KINDS)
def test_json_fits_the_schema(kind: str) -> None:
    schema = json.loads(files("landiag").joinpath("report.schema.json").read_text(encoding="utf-8"))
    jsonschema_rs.validate(schema, json.loads(RENDERERS[".json"](KINDS[kind]())))


def write() -> None:
    """Write the golden files anew."""
    for kind, report in KINDS.items():
        for suffix, render in RENDERERS.items():
            (FOLDER / f"{kind}{suffix}").write_text(render(report()), encoding="utf-8")
        (FOLDER / f"{kind}.terminal").write_text(
            render_terminal(report(), Style(80, colour=True)), encoding="utf-8"
        )


if __name__ == "__main__":
    write()
