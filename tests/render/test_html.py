"""The page: small, alone, and drawn with words beside the drawing."""

from __future__ import annotations

import re

from msgspec.structs import replace

from landiag.model.report import Evidence, Outcome, Path, ReadingNote, Stage
from landiag.model.terms import StageName
from landiag.render.html import render_html
from landiag.render.parts import stop_of
from landiag.render.svg import render_path
from tests.render.reports import blocked, clear


def test_page_asks_nobody_for_anything() -> None:
    page = render_html(blocked())
    assert "<script" not in page
    assert not re.search(r"(src|href|action)=|@import|url\(", page)
    assert "default-src 'none'" in page
    for wanted in ("prefers-color-scheme:dark", "@media print", 'lang="en"', "viewport"):
        assert wanted in page


def test_drawing_says_where_it_stops() -> None:
    drawing = render_path(blocked().paths[0], "way1")
    assert 'role="img"' in drawing
    assert 'aria-labelledby="way1-title way1-desc"' in drawing
    description = re.search(r'<desc id="way1-desc">(.*?)</desc>', drawing)
    assert description is not None
    assert "stops at the stage input: policy drop" in description[1]
    assert drawing.count("stops here:") == 1
    assert drawing.count('class="s-beyond"') == 2  # the socket and the server itself


def test_way_that_arrives_has_no_stop() -> None:
    path = Path("way1", "eth0", "192.168.77.10", 4, None, Outcome.OK, (Stage(StageName.LINK, Outcome.OK),))
    assert stop_of(path) is None
    assert "beyond" not in render_path(path, "way1")


def test_large_report_stays_under_150_kb() -> None:
    report = blocked()
    many = replace(
        report,
        findings=tuple(
            replace(report.findings[1], id=f"f{n}", evidence=(Evidence("nft", "rule " * 60),))
            for n in range(60)
        ),
        readings=tuple(
            ReadingNote(f"file:/proc/sys/net/{n}", None, "missing", 0.1, "no such file") for n in range(400)
        ),
        paths=tuple(replace(report.paths[0], id=f"way{n}", address=f"10.0.0.{n}") for n in range(250)),
    )
    page = render_html(many)
    assert len(page.encode()) < 150_000
    assert "200 more are in the JSON report." in page


def test_clear_report_says_open() -> None:
    page = render_html(clear())
    assert "<p>Open http://192.168.77.10:5000/ on the other device.</p>" in page
    assert ">Fix<" not in page
