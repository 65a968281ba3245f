"""What people read: plain present-day words in every string of landiag, and a first line that says it in one breath."""

from __future__ import annotations

import ast
import json
import re
import shlex
from collections.abc import Iterator
from functools import partial
from importlib.resources import files
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from landiag.model.report import Finding, Report, Status
from landiag.render.headline import after_colon, headline, second_lines
from landiag.render.html import render_html
from landiag.render.jsontext import to_document
from landiag.render.markdown import render_markdown
from landiag.render.style import Style
from landiag.render.terminal import render_quiet, render_terminal
from tests.cases import NAMES, load, replay, report_of

ROOT = Path(str(files("landiag")))
MODULES = sorted(ROOT.rglob("*.py"))
PAGES = sorted((ROOT / "knowledge" / "causes").glob("*.md"))

LOST = re.compile(
    r"\bmend(s|ed|ing)?\b|\bMind:|\bnot certain\b|\bconcerns\b|\bwhoever\b|as people write|\bA program of\b"
    r"|\bway back\b|nobody else can|to be sure:",
    re.IGNORECASE,
)
MOST_WORDS = 25
WIDEST_NAME = 60
"""A path of a program counts as one word, and a longer one would not fit a line anyway."""


def texts_of(module: Path) -> Iterator[tuple[int, str]]:
    """The strings of a module that could be read by people: its docstrings are for its readers alone."""
    left: list[ast.AST] = [ast.parse(module.read_text(encoding="utf-8"))]
    while left:
        node = left.pop()
        text = _text(node)
        if text is not None and len(text.split()) > 1:
            yield getattr(node, "lineno", 0), text
        left += _below(node)


def _below(node: ast.AST) -> Iterator[ast.AST]:
    """What may hold texts of its own: no docstring, and of a formatted string what is put into it."""
    if isinstance(node, ast.JoinedStr):
        return (part for part in node.values if not isinstance(part, ast.Constant))
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return iter(())
    return ast.iter_child_nodes(node)


def _text(node: ast.AST) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
    return None


def test_no_word_to_lose_is_left() -> None:
    found = [(str(one), *where) for one in MODULES for where in texts_of(one) if LOST.search(where[1])]
    assert found == []


NAMES_IN_TITLES = frozenset(
    ("AirPlay", "ICMPv6", "IPv4", "IPv6", "Werkzeug's", "Windows", "WireGuard's", "UDP")
)
VERBS = frozenset(
    ("Change", "Give", "Keep", "Let", "Lift", "Pass", "Publish", "Start", "Switch", "Take", "Use")
)
"""Titles of fixes begin with one: they are another matter (``fix_title``)."""


def titles_of(module: Path) -> Iterator[str]:
    """The texts that a module calls titles."""
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        is_named = isinstance(node, ast.keyword) and node.arg == "title"
        is_kept = isinstance(node, ast.Assign) and "title" in [getattr(one, "id", "") for one in node.targets]
        if isinstance(node, ast.keyword | ast.Assign) and (is_named or is_kept):
            yield from (text for part in ast.walk(node.value) if (text := _text(part)) is not None)


def test_a_title_behind_a_colon_begins_small_unless_it_is_a_name() -> None:
    judges = [one for one in MODULES if one.parent.name != "render"]
    words = {text.split()[0] for one in judges for text in titles_of(one) if len(text.split()) > 2}
    capital = {word for word in words if word[:1].isupper()} - NAMES_IN_TITLES - VERBS
    assert {word for word in capital if after_colon(f"{word} says so")[:1].isupper()} == set()


def test_pages_speak_plainly() -> None:
    lines = [(page.stem, line) for page in PAGES for line in page.read_text(encoding="utf-8").splitlines()]
    assert [one for one in lines if LOST.search(one[1])] == []


def test_the_words_to_lose_are_found() -> None:
    assert LOST.search("Shows only when f1 is mended.")
    assert LOST.search("Mind: this is a risk")
    assert not LOST.search("I recommend to fix it; the command reads 10 files")


def sentences(report: Report) -> Iterator[str]:
    """What a report says in landiag's own words; evidence is quoted and stays as it was read."""
    yield headline(report)
    yield from second_lines(report)
    yield from (note for note in report.notes)
    for finding in report.findings:
        yield from _of_finding(finding)


def _of_finding(finding: Finding) -> Iterator[str]:
    yield from (finding.title, finding.detail)
    for fix in finding.fixes:
        yield from (fix.title, fix.risk or "", fix.keep or "", *fix.steps)


@pytest.mark.parametrize("name", NAMES)
def test_a_report_speaks_plainly(name: str) -> None:
    report = report_of(name)
    assert [text for text in sentences(report) if LOST.search(text)] == []
    assert [text for text in sentences(report) if "  " in text or ".." in text.replace("...", "")] == []
    _hold_first_line(report)
    _hold_screen(report, 80)
    _hold_screen(report, 120)
    _hold_rights(report)


def _hold_first_line(report: Report) -> None:
    """It is short, and says who is affected."""
    first = headline(report)
    assert len(first.split()) <= MOST_WORDS + 2, first  # "Blocked:", "Can't tell:" stand before the sentence
    assert all(len(line.split()) <= MOST_WORDS for line in second_lines(report)[:1])
    assert first.endswith((".", "?"))
    start = {Status.CLEAR: "Open: ", Status.BLOCKED: "Blocked: ", Status.UNDETERMINED: "Can't tell"}
    assert first.startswith(start[report.verdict.status])


def _hold_screen(report: Report, width: int) -> None:
    """It fits the terminal."""
    shown = render_terminal(report, Style(width))
    typed = [line for line in shown.splitlines() if line.startswith("    ")]
    wide = [line for line in shown.splitlines() if len(line) > width and " " in line.strip()]
    assert [
        line for line in wide if line not in typed and len(max(line.split(), key=len)) < WIDEST_NAME
    ] == []
    assert "To see it there too" not in shown
    mark = {Status.CLEAR: "✓", Status.BLOCKED: "✗", Status.UNDETERMINED: "?"}[report.verdict.status]
    assert shown.startswith(f"{mark} ")
    foreign = {one for one in render_terminal(report, Style(width, marks=False)) if not one.isascii()}
    assert foreign <= set(msgspec.json.encode(report).decode())  # what was read may be in any language


def _hold_rights(report: Report) -> None:
    """What is typed behind ``sudo`` is one program: a shell's pipe or redirection would be the user's own."""
    lines = [
        line
        for finding in report.findings
        for fix in finding.fixes
        if fix.needs == "root" and report.host.os != "win32"
        for line in (*fix.commands, *fix.undo)
    ]
    joined = {"|", "||", "&", "&&", ";", ">", ">>", "<"}
    words = (shlex.shlex(line, posix=True, punctuation_chars=True) for line in lines)
    assert [line for line, parsed in zip(lines, words, strict=True) if joined & set(parsed)] == []


def test_ascii_stands_in_for_the_marks() -> None:
    shown = render_terminal(report_of("linux-bound-to-loopback"), Style(80, marks=False))
    assert shown.isascii()
    assert shown.startswith("NO Blocked: Flask is listening on 127.0.0.1 only")
    assert "  ok port" in shown
    assert "  NO listening" in shown


def test_the_two_lines_that_people_recognise() -> None:
    lines = render_terminal(report_of("linux-bound-to-loopback"), Style(100)).splitlines()
    assert lines[0] == "✗ Blocked: Flask is listening on 127.0.0.1 only, so other devices can't reach it."
    assert lines[1] == "  Other devices see: connection refused, at once."
    clear = render_terminal(report_of("linux-clear"), Style(100)).splitlines()
    assert clear[0] == "✓ Open: nothing on this machine stops other devices."
    assert clear[1] == "  Open http://192.168.77.10:5000/ on the other device."
    assert "Fix:" not in "\n".join(clear)


def test_undetermined_says_how_to_find_out() -> None:
    lines = render_terminal(report_of("linux-firewall-unreadable-user"), Style(100)).splitlines()
    assert lines[0] == "? Can't tell: the firewall rules can only be read as root."
    assert lines[1].startswith("  Find out: sudo ")
    assert "Then open" not in "\n".join(lines)


@pytest.mark.parametrize(
    ("line", "is_opened"), [("node --inspect=5000 shop.js", False), ("node shop.js --port 5000", True)]
)
def test_nothing_is_to_be_opened_where_the_server_stays_on_this_machine(line: str, is_opened: bool) -> None:
    recording = load("linux-bound-to-loopback").recording
    source = "processes pids=27"
    process = {**json.loads(recording.readings[source].text)[0], "argv": shlex.split(line), "exe": None}
    reading = replace(recording.readings[source], data=json.dumps([process]).encode())
    report = replay(replace(recording, readings={**recording.readings, source: reading}))
    document = to_document(report)["findings"][0]["fixes"][0]
    assert document.get("stays", False) is not is_opened
    for render in (partial(render_terminal, style=Style(100)), render_markdown, render_html):
        assert ("Then open" in render(report)) is is_opened


AS_ROOT = re.compile(r"(?:be (?:seen|read)|look again) as root", re.IGNORECASE)


@pytest.mark.parametrize("name", NAMES)
def test_nobody_is_sent_where_nothing_is_to_be_seen(name: str) -> None:
    """Packets are seen on Linux alone, and root sees all that can be seen."""
    report = report_of(name)
    shown = render_terminal(report, Style(300))
    assert "landiag watch" not in shown or report.host.os == "linux"
    assert AS_ROOT.search(shown) is None or not report.host.privileged


def test_quiet_is_one_line() -> None:
    for name in NAMES:
        assert render_quiet(report_of(name)).count("\n") == 1


def test_reports_are_read_back() -> None:
    """The walk above means something only where the reports are whole."""
    assert len(NAMES) > 200
    assert all(msgspec.to_builtins(report_of(name).verdict) for name in NAMES[:3])
