"""No page promises an install that does not work: nothing is published, so landiag comes from a path."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    page
    for pattern in ("*.md", "docs/**/*.md", "man/*", "landiag/knowledge/causes/*.md", ".github/**/*")
    for page in ROOT.glob(pattern)
    if page.is_file()
)
BY_NAME = re.compile(
    r"\b(?:install|run|uvx|add)\b(?:[ \t]+-[\w-]+(?:=\S+)?)*[ \t]+[\"']?landiag\b(?![-_*.][\w*])"
)
"""An install of a package called landiag, from a registry or an archive."""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_page_installs_nothing_that_is_not_published(page: Path) -> None:
    assert BY_NAME.findall(page.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "line",
    [
        "pipx install landiag",
        "py -m pip install --user landiag",
        "uvx landiag check --port 5000",
        "uv tool install landiag",
        "uv add landiag",
        "pipx run landiag check",
        "brew install landiag",
        "sudo apt install -y landiag",
        "pip install 'landiag[test]'",
    ],
)
def test_install_by_name_is_found(line: str) -> None:
    assert BY_NAME.search(line)


@pytest.mark.parametrize(
    "line", ["uv tool install .", "pip install ./landiag-*.whl", "apt install ./landiag_0.1.0_all.deb"]
)
def test_install_from_a_path_is_none(line: str) -> None:
    assert not BY_NAME.search(line)
