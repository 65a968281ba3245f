"""Nothing that was read executes, links or misleads in any format: one corpus of strings, every format."""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata
from html.parser import HTMLParser

import pytest
from markdown_it import MarkdownIt

from landiag.cli.files.outputs import RENDERERS
from landiag.render.html import render_html
from landiag.render.jsontext import render_json
from landiag.render.markdown import render_markdown
from landiag.render.terminal import Style, render_terminal
from landiag.render.text import render_text
from tests.render.reports import blocked, with_text

HOSTILE = (
    "<script>alert(1)</script>",
    "</style></title><img src=x onerror=alert(1)>",
    '" onmouseover="alert(1)" x=\'',
    "</code></pre><svg onload=alert(1)>",
    "<!-- comment --> &lt;b&gt; &#106;avascript:alert(1)",
    "]]><details open ontoggle=alert(1)>",
    "[click me](javascript:alert(1)) ![x](https://evil.example/x.png)",
    "# heading",
    "- item\n- item",
    "1. one",
    "> quote",
    "**bold** _it_ ~~gone~~ `code` ``two``",
    "```\n~~~\n``` end of fence",
    "a | b | c",
    "|---|\n| x |",
    "| `a | b` |",
    "</details></summary>",
    "https://evil.example/ www.evil.example mail@evil.example @everyone #123 owner/repo#5",
    "[x]: https://evil.example/",
    "<https://evil.example>",
    "$\\href{javascript:alert(1)}{x}$ :smile: {code} {panel}",
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-2+3",
    "@SUM(1+1)",
    "\t=1+1",
    "\x1b[31mred\x1b[0m \x1b]0;title\x07 \x1b]8;;https://evil.example\x1b\\link\x1b]8;;\x1b\\",
    "\r\x08\x08\x7f\x9b2J",
    "\u202egnp.exe\u202c \u2066x\u2069 \u200b\u200e\ufeff\u061c",
    "\u2028line\u2029para\x85next",
    "\ud800 \U000e0041 \x00",
    "line one\nBlocked: line two",
)

_PLAIN_TAGS = set(
    re.findall(
        r"\w+",
        "html head meta title style body h1 h2 h3 p table thead tbody tr th td ul li pre code span"
        " div details summary svg desc g circle text tspan line rect",
    )
)


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("suffix", RENDERERS)
def test_no_character_acts_by_itself(suffix: str, text: str) -> None:
    shown = RENDERERS[suffix](with_text(blocked(), text))
    bad = {char for char in shown if unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")}
    assert bad <= {"\n", "\t"}
    shown.encode("utf-8")


@pytest.mark.parametrize("text", HOSTILE)
def test_terminal_shows_escapes_as_text(text: str) -> None:
    shown = render_terminal(with_text(blocked(), text), Style(80), verbose=True)
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", shown)


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.text: list[str] = []
        self.cells: list[str] = []
        self.inside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag not in ("meta",):
            self.inside.append(tag)
        if tag == "td":
            self.cells.append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.inside.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)
        if "td" in self.inside:
            self.cells[-1] += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")


@pytest.mark.parametrize("text", HOSTILE)
def test_html_has_no_element_of_another(text: str) -> None:
    page = _Page()
    page.feed(render_html(with_text(blocked(), text)))
    page.close()
    assert page.inside == []
    assert page.tags <= _PLAIN_TAGS
    assert not {
        name
        for name in page.attributes
        if name.startswith("on") or name in ("href", "src", "style", "srcdoc")
    }


@pytest.mark.parametrize("text", [text for text in HOSTILE if text.strip()[0] in "=+-@"])
def test_no_cell_is_a_formula(text: str) -> None:
    page = _Page()
    page.feed(render_html(with_text(blocked(), text)))
    assert not [cell for cell in page.cells if cell.lstrip().startswith(("=", "+", "-", "@"))]
    for line in render_markdown(with_text(blocked(), text)).splitlines():
        if line.startswith("|") and not re.fullmatch(r"[|-]*", line):
            row = next(csv.reader(io.StringIO(line), delimiter="|"))
            assert not [cell for cell in row if cell.strip().startswith(("=", "+", "-", "@"))]


_LINKS = re.compile(r"https?://|www\.|@|#\d|javascript:")


@pytest.mark.parametrize("text", HOSTILE)
def test_markdown_says_nothing_but_the_text(text: str) -> None:
    tokens = (
        MarkdownIt("commonmark")
        .enable(["table", "strikethrough"])
        .parse(render_markdown(with_text(blocked(), text)))
    )
    ours = (
        *("### Blocked:", "#### Checks", "#### Fixes, in this order", "#### The way of the packet"),
        *("#### What to type on the other device", "#### Findings (", "#### What was read ("),
    )
    headings = [tokens[at + 1].content for at, token in enumerate(tokens) if token.type == "heading_open"]
    assert all(any(own.lstrip("# ") in heading for own in ours) for heading in headings)
    assert {token.type for token in tokens} & {"hr", "ordered_list_open", "code_block"} == set()
    for token in tokens:
        if token.type == "html_block":
            assert re.fullmatch(r"(</?details>|<summary>[\w ,()]+</summary>|\n)*", token.content.strip())
        for child in token.children or ():
            assert child.type in ("text", "code_inline", "softbreak", "strong_open", "strong_close")
            assert child.type != "text" or not _LINKS.search(child.content)


def test_markdown_tables_keep_their_columns() -> None:
    for text in HOSTILE:
        tokens = MarkdownIt("commonmark").enable("table").parse(render_markdown(with_text(blocked(), text)))
        widths: list[int] = []
        for token in tokens:
            if token.type == "tr_open":
                widths.append(0)
            if token.type in ("td_open", "th_open"):
                widths[-1] += 1
        assert set(widths) <= {2, 3, 4}
        shown = sum(token.type == "code_inline" for t in tokens for token in t.children or ())
        assert shown > 0


@pytest.mark.parametrize("text", HOSTILE)
def test_json_keeps_the_text(text: str) -> None:
    report = with_text(blocked(), text)
    written = render_json(report)
    assert written.isascii()
    kept = json.loads(written)["verdict"]["summary"]
    assert kept == text.encode("utf-8", "backslashreplace").decode("utf-8")


def test_text_file_begins_its_lines_itself() -> None:
    shown = render_text(with_text(blocked(), "fine\nBlocked: not ours"))
    assert not [line for line in shown.splitlines() if line == "Blocked: not ours"]
