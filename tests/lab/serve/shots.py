"""Take the pictures that README and docs show: ``python -m tests.lab.serve.shots docs``."""

from __future__ import annotations

import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from landiag.render.html import render_html
from tests.cases import report_of
from tests.lab.build import build
from tests.lab.hosts import PROJECT
from tests.lab.scenario import Scenario, sh
from tests.lab.serve.browser import start
from tests.lab.serve.case import begin, browse, end
from tests.lab.serve.scenarios import SCENARIOS

THEMES = {"light": "", "dark": "--dark"}
REPORT = "linux-ufw-enabled"
"""The case whose report is in the picture of an HTML file."""


def main() -> None:
    """A phone before a server that listens for itself only, the computer's own view of it, a report as a page."""
    folder = Path(sys.argv[1]).resolve()
    with build(_shop()) as lab:
        serve, phone, owner = begin(lab)
        for theme, option in THEMES.items():
            size = f"--size 360x540 {option}"
            browse(lab, phone, f"{size} --shot {folder}/serve-phone-{theme}.png")
        for theme, option in THEMES.items():
            size = f"--size 1100x900 {option} --wait '#answer.blocked'"
            browse(lab, owner, f"{size} --shot {folder}/serve-computer-{theme}.png", on="server")
        end(lab, serve)
    for theme in THEMES:
        _report(folder / f"report-{theme}.png", dark=theme == "dark")


def _report(picture: Path, *, dark: bool) -> None:
    with tempfile.TemporaryDirectory() as made:
        page = Path(made) / "report.html"
        page.write_text(render_html(report_of(REPORT)), encoding="utf-8")
        driver = start("900x1250", dark=dark, folder=made)
        try:
            driver.get(page.as_uri())
            driver.save_screenshot(str(picture))
        finally:
            driver.quit()


def _shop() -> Scenario:
    """The scenario with a virtual environment in the project, as people have it."""
    scenario = next(one for one in SCENARIOS if one.name == "loopback").lab()
    own = replace(scenario.servers[0], command=f".venv/bin/{scenario.servers[0].command}")
    return replace(scenario, before=(sh(f"ln -s {sys.prefix} {PROJECT}/.venv"),), servers=(own,))


if __name__ == "__main__":
    main()
