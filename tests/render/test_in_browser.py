"""Reports in a real browser: on a phone, on a desk and on paper nothing is cut, and three pages are enough."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from landiag.render.html import render_html
from tests.cases import report_of
from tests.lab.serve.browser import start
from tests.lab.serve.case import missing

MOST_PAGES = 3
LONGEST = (
    "linux-reverse-path-filter-all-clients",
    "linux-tunnel-takes-the-lan",
    "linux-tunnel-takes-all-by-rule",
    "linux-answers-spread-over-the-tunnel",
    "linux-podman-rules-flushed",
    "wsl2-port-not-forwarded-inside",
)
"""Reports with many findings, many ways in, and long command lines."""
A4 = {"printBackground": False, "paperWidth": 8.27, "paperHeight": 11.69}

CUT = """
return Array.from(document.querySelectorAll('svg text')).filter(function (text) {
  var box = text.getBBox();
  return box.x + box.width > text.ownerSVGElement.viewBox.baseVal.width;
}).map(function (text) { return text.textContent; })"""

BROKEN = """
document.querySelectorAll('details').forEach(function (one) { one.open = true; });
return Array.from(document.querySelectorAll('th')).filter(function (cell) {
  return cell.scrollWidth > cell.clientWidth + 1;
}).map(function (cell) { return cell.textContent; })"""


@pytest.fixture(params=["360x740", "1280x900"], scope="module")
def browser(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    if reason := missing():
        pytest.skip(reason)
    driver = start(request.param, dark=False, folder=str(tmp_path_factory.mktemp("browser")))
    yield driver
    driver.quit()


@pytest.mark.parametrize("name", LONGEST)
def test_nothing_is_cut(name: str, browser: Any, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    page.write_text(render_html(report_of(name)), encoding="utf-8")
    browser.get(page.as_uri())
    assert browser.execute_script(CUT) == []
    assert browser.execute_script(BROKEN) == []
    wider = "return document.documentElement.scrollWidth - window.innerWidth"
    assert browser.execute_script(wider) <= 0
    paper = base64.b64decode(browser.execute_cdp_cmd("Page.printToPDF", A4)["data"])
    assert len(re.findall(rb"/Type\s*/Page\b", paper)) <= MOST_PAGES
