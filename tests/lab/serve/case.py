"""One scenario of the page: build it, serve on the server, open the page in a real browser on the client."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.lab.build import build
from tests.lab.hosts import LabError
from tests.lab.network import SERVER, Lab
from tests.lab.scenario import CLEAR, Expected, Scenario, Step
from tests.lab.servers import Server
from tests.lab.verdicts import EXIT_STATUS, _schema_errors
from tests.lab.warm import Begun

BROWSER = Path(__file__).with_name("browser.py")
OUTPUT, ERRORS = "/run/lab/out", "/run/lab/err"
START_SECONDS = 40.0


@dataclass(frozen=True, slots=True)
class Page:
    """One case. ``headline`` and ``detail`` are words that the phone must show, ``tries`` one for each address.

    ``reaches`` False: the page itself cannot be opened; ``terminal`` are words that the terminal shows then.
    ``expected`` is the report's verdict at the end.
    """

    name: str
    expected: Expected
    headline: str = ""
    detail: str = ""
    tries: tuple[str, ...] = ()
    status: str = "blocked"
    servers: tuple[Server, ...] = ()
    before: tuple[Step, ...] = ()
    after: tuple[Step, ...] = ()
    reaches: bool = True
    terminal: str = ""
    options: str = ""

    def lab(self) -> Scenario:
        """The same as the lab builds it."""
        return Scenario(
            name=self.name,
            fault=self.name,
            truth="",
            expected=CLEAR,
            servers=self.servers,
            before=self.before,
            after=self.after,
        )


def missing() -> str:
    """Say what is missing for a browser in the lab; empty when nothing is."""
    if shutil.which("chromium") is None or shutil.which("chromedriver") is None:
        return "no browser: install Debian's chromium and chromium-driver"
    try:
        import selenium  # noqa: F401
    except ImportError:
        return "no selenium: pip install selenium"
    return ""


def axe_core() -> Path | None:
    """Find axe-core, the accessibility checker; None where it is not installed."""
    folders = (os.environ.get("LANDIAG_AXE", ""), "/usr/lib", "/usr/local/lib")
    files = (Path(folder, "node_modules/axe-core/axe.min.js") for folder in folders if folder)
    return next((file for file in files if file.is_file()), None)


def problems(scenario: Page) -> list[str]:
    """Build the scenario and hold the page against it."""
    with build(scenario.lab()) as lab:
        serve, phone, _ = begin(lab, scenario.options)
        if scenario.reaches:
            seen = browse(lab, phone)
            found = list(_judge_page(scenario, seen))
        else:
            found = list(_judge_unreached(lab, phone, scenario.terminal))
        status, report = end(lab, serve)
        return found + list(_judge_report(scenario, status, report))


def begin(lab: Lab, options: str = "") -> tuple[Begun, str, str]:
    """Start the page on the server: its run, the URL for phones and that for the person there."""
    serve = lab.server.begin(f"serve --port 5000 --duration 120 --json {options}", OUTPUT, ERRORS)
    deadline = time.monotonic() + START_SECONDS
    while "It ends by itself" not in (said := lab.server.read(ERRORS)):
        if time.monotonic() > deadline or serve.is_over():
            raise LabError(f"serve did not begin: {said}")
        time.sleep(0.1)
    phone = re.search(rf"http://{re.escape(SERVER)}:\d+/t/\S+", said)
    owner = re.search(r"http://127\.0\.0\.1:\d+/o/\S+", said)
    if phone is None or owner is None:
        raise LabError(f"serve shows no URL: {said}")
    return serve, phone[0], owner[0]


def end(lab: Lab, serve: Begun) -> tuple[int, dict[str, Any]]:
    """End it by Ctrl-C: the exit status and the report."""
    serve.signal(signal.SIGINT)
    status = serve.wait(30)
    said = lab.server.read(ERRORS)
    if "Traceback" in said or "bug of landiag" in said:
        raise LabError(said[-800:])
    return status, json.loads(lab.server.read(OUTPUT))


def browse(lab: Lab, url: str, *options: str, on: str = "client") -> dict[str, Any]:
    """Open a URL in the browser on a host; what it shows."""
    return browse_sizes(lab, url, *options, on=on)[0]


def browse_sizes(lab: Lab, url: str, *options: str, on: str = "client") -> list[dict[str, Any]]:
    """Open a URL in one browser on a host, for each ``--size`` anew; what each shows."""
    line = f"{sys.executable} {BROWSER} {url} {' '.join(options)}"
    done = lab.host(on).run(line, check=False, timeout=100)
    if done.returncode:
        raise LabError(f"the browser: {done.stderr[-800:]}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def _judge_page(scenario: Page, seen: dict[str, Any]) -> Iterator[str]:
    if seen["done"] != "yes":
        yield f"no answer in time: {seen}"
    for name in ("headline", "detail"):
        if getattr(scenario, name) not in seen[name]:
            yield f"the {name} is {seen[name]!r}, not {getattr(scenario, name)!r} (tries: {seen['tries']})"
    if seen["status"] != scenario.status:
        yield f"shown as {seen['status']}, not {scenario.status}"
    for words, text in zip(scenario.tries, seen["tries"], strict=False):
        if words not in text:
            yield f"the try says {text!r}, not {words!r}"
    if seen["width"] > 0:
        yield f"the page is {seen['width']} px wider than the phone"
    if scenario.status == "works" and "open http" in seen["headline"] and not seen["links"]:
        yield "no link to open"
    foreign = [one for one in seen["log"] if "Content Security Policy" in one]
    yield from foreign


def _judge_unreached(lab: Lab, url: str, terminal: str) -> Iterator[str]:
    done = lab.client.run(f"curl -s -m 3 {url}", check=False)
    if done.returncode == 0:
        yield "the page could be opened, which it should not"
    deadline = time.monotonic() + 3
    while terminal not in (said := lab.server.read(ERRORS)):
        if time.monotonic() > deadline:
            yield f"the terminal does not show {terminal!r}: {said[-400:]}"
            return
        time.sleep(0.1)


def _judge_report(scenario: Page, status: int, report: dict[str, Any]) -> Iterator[str]:
    verdict, expected = report["verdict"], scenario.expected
    if (verdict["status"], verdict["cause"]) != (expected.status, expected.cause):
        yield f"the report says {verdict}, not {expected}"
    if status != EXIT_STATUS[verdict["status"]]:
        yield f"exit status {status} with {verdict['status']}"
    if report["command"] != "serve":
        yield f"the report is of {report['command']}"
    yield from (f"schema: {error}" for error in _schema_errors(report))
