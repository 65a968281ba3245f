"""docs/: what comes from the program is up to date, every link leads somewhere, every line of landiag can be typed."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from landiag.cli.app import COMMANDS
from tests.project.pages import DOCS, written
from tests.project.pages.commands import options_of
from tests.project.pages.transcripts import fill
from tests.project.pages.typed import FENCE, quoted, refusal, typed

ROOT = DOCS.parent
PAGES = sorted([*DOCS.rglob("*.md"), *ROOT.glob("*.md")])
LINK = re.compile(r"\]\(([^)\s]+)\)|(?:src|srcset|href)=\"([^\"]+)\"")
NAMES = [str(page.relative_to(ROOT)) for page in PAGES]


def test_pages_are_as_the_program_has_them_now() -> None:
    stale = [page.name for page, text in written() if page.read_text(encoding="utf-8") != text]
    assert stale == [], "python -m tests.project.pages writes them anew"


def test_case_that_is_misspelt_is_not_passed_over() -> None:
    with pytest.raises(ValueError, match="without its block"):
        fill("<!-- case: linux-clear -->\n```sh\n# landiag check\n```\n")


@pytest.mark.parametrize("name", NAMES)
def test_every_link_leads_somewhere(name: str) -> None:
    page = ROOT / name
    text = re.sub(r"`[^`\n]+`", "", FENCE.sub("", page.read_text(encoding="utf-8")))
    links = [found[1] or found[2] for found in LINK.finditer(text)]
    assert [link for link in links if not _leads(page, link)] == []


def _leads(page: Path, link: str) -> bool:
    if link.startswith(("https://", "http://", "mailto:")):
        return True
    path, _, anchor = link.partition("#")
    target = page.parent / path if path else page
    return target.exists() and (not anchor or anchor in _anchors(target))


@cache
def _anchors(page: Path) -> set[str]:
    titles = re.findall(r"^#+ (.+)$", FENCE.sub("", page.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[-\s]+", "-", re.sub(r"[^\w\s-]", "", title).strip().lower()) for title in titles}


def test_link_that_leads_nowhere_is_found() -> None:
    assert not _leads(DOCS / "index.md", "nowhere.md")
    assert not _leads(DOCS / "index.md", "fixing.md#nothing-of-this-name")
    assert _leads(DOCS / "index.md", "fixing.md#over-ssh")


@pytest.mark.parametrize("name", NAMES)
def test_every_line_of_landiag_can_be_typed(name: str) -> None:
    lines = typed((ROOT / name).read_text(encoding="utf-8"))
    assert [(*one, wrong) for one in lines if (wrong := refusal(*one))] == []


@pytest.mark.parametrize(
    ("command", "rest"),
    [
        ("chek", ""),
        ("check", "--prot 5000"),
        ("check", "--timeout soon"),
        ("probe", ""),
        ("report", "--compare"),
    ],
)
def test_line_that_is_refused_is_found(command: str, rest: str) -> None:
    assert refusal(command, rest)


@pytest.mark.parametrize("name", NAMES)
def test_every_command_and_option_in_a_sentence_exists(name: str) -> None:
    lines = list(quoted((ROOT / name).read_text(encoding="utf-8")))
    wrong = [command for command, _ in lines if command not in COMMANDS]
    unknown = [
        (command, word)
        for command, rest in lines
        for word in re.findall(r"(?<!\S)--[a-z][a-z-]*", rest)
        if command in COMMANDS and word not in options_of(command)
    ]
    assert (wrong, unknown) == ([], [])


def test_every_page_stands_in_the_contents() -> None:
    contents = (ROOT / "mkdocs.yml").read_text(encoding="utf-8").partition("\nnav:\n")[2]
    listed = re.findall(r"- (\S+\.md)$", contents, re.MULTILINE)
    assert sorted(listed) == sorted(str(page.relative_to(DOCS)) for page in DOCS.rglob("*.md"))


@pytest.mark.skipif(
    importlib.util.find_spec("material") is None, reason="mkdocs-material is not installed (./setup docs)"
)
def test_site_is_built_and_asks_no_server_for_anything(tmp_path: Path) -> None:
    argv = (sys.executable, "-m", "mkdocs", "build", "--quiet", "--site-dir", str(tmp_path))
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    loaded = re.compile(
        r"<(?:script|img|iframe)[^>]*src=\"?https?:|<link[^>]*rel=\"?(?:stylesheet|preconnect)[^>]*https?:"
    )
    assert [page.name for page in tmp_path.rglob("*.html") if loaded.search(page.read_text("utf-8"))] == []


OFFERED = re.compile(r"((?:`--[\w-]+`(?:, | and )?)+)\s+of\s+((?:`\w+`(?:,\s|\s+and\s+)?)+)")
"""In the changelog: "`--save` and `--replay` of `check` and `watch`"."""


def test_changelog_gives_a_command_no_option_that_it_has_not() -> None:
    offered = OFFERED.findall((ROOT / "CHANGELOG.md").read_text(encoding="utf-8"))
    pairs = {
        (command, option)
        for options, commands in offered
        for command in set(re.findall(r"\w+", commands)) & set(COMMANDS)
        for option in re.findall(r"--[\w-]+", options)
    }
    assert ("watch", "--replay") in pairs
    assert [(command, option) for command, option in pairs if option not in options_of(command)] == []
