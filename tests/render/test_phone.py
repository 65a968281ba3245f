"""A report on a phone, in a real browser: nothing is wider than the screen, and what was found has all of its width."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from landiag.render.html import render_html
from tests.cases import report_of
from tests.lab.serve.browser import start

WIDTHS = """return [document.documentElement.scrollWidth,
Math.min(...[...document.querySelectorAll('h2+table tbody td:nth-child(3)')]
.map(one => one.getBoundingClientRect().width))]"""


@pytest.mark.skipif(
    shutil.which("chromium") is None or shutil.which("chromedriver") is None,
    reason="chromium or chromedriver is not installed",
)
def test_a_phone_shows_what_was_found_in_its_whole_width(tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    page.write_text(render_html(report_of("linux-django-allowed-hosts")), encoding="utf-8")
    driver = start("360x740", dark=False, folder=str(tmp_path))
    try:
        driver.get(page.as_uri())
        screen, narrowest = driver.execute_script(WIDTHS)
    finally:
        driver.quit()
    assert screen == 360
    assert narrowest > 300
