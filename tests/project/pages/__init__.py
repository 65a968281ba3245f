"""The pages of docs/ that come from the program: causes, commands, JSON, a packet's way, and real transcripts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from landiag.explain import all_pages
from landiag.knowledge.tables import TABLES
from tests.project.pages.commands import commands_page
from tests.project.pages.journey import journey_page
from tests.project.pages.pictures import THEMES, terminal_picture, way_picture
from tests.project.pages.schema import json_page
from tests.project.pages.tables import tables_json
from tests.project.pages.transcripts import fill

PICTURED = "linux-ufw-rejects"
"""The case in the pictures."""

DOCS = Path(__file__).parents[3] / "docs"
KNOWLEDGE = Path(__file__).parents[3] / "landiag" / "knowledge"


def written() -> Iterator[tuple[Path, str]]:
    """What the program reads of its tables, every generated page, every page with a transcript: as it has to be now."""
    yield KNOWLEDGE / TABLES, tables_json(KNOWLEDGE)  # before the transcripts, which are of what stands in it
    reference = DOCS / "reference"
    yield reference / "causes.md", all_pages()
    yield reference / "commands.md", commands_page()
    yield reference / "json.md", json_page()
    yield reference / "journey.md", journey_page()
    yield reference / "journey.svg", way_picture(PICTURED)
    for theme in THEMES:
        yield (
            DOCS / f"terminal-{theme}.svg",
            terminal_picture(PICTURED, "sudo landiag check --port 5000", theme),
        )
    for page in sorted(DOCS.rglob("*.md")):
        text = page.read_text(encoding="utf-8")
        if page.parent != reference and (filled := fill(text)) is not None:
            yield page, filled
