"""The page of a fleet: what it folds stays true, and a real browser shows it to eyes, keyboards and screen readers."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from ipaddress import IPv4Address
from typing import Any

import pytest

from landiag.fleet.drift import Group
from landiag.fleet.fate import REACHED, Cell, CellVerdict, Fate, blocked, unknown
from landiag.fleet.fold import fold
from landiag.fleet.page import render_page
from landiag.fleet.reach import Reach
from landiag.fleet.rows import Row, make_rows
from tests.fleet.machines import fleet, recording
from tests.lab.serve.browser import start
from tests.lab.serve.case import axe_core

FATES = (REACHED, blocked("firewall-drops", "policy drop"), unknown("it was not read"),
         Fate(CellVerdict.NO_LISTENER, "nothing-listening", None, "nothing listens"))  # fmt: skip


def rows_of(hosts: int, servers: int, kinds: int) -> tuple[Row, ...]:
    """Rows of a fleet in which a host's number says how it fares."""
    names = [f"host-{number:04}" for number in range(hosts)]
    return make_rows(
        Cell(client, server, IPv4Address("10.0.0.0") + place, 80, FATES[(number % kinds * (place % 3)) % 4])
        for place, server in enumerate(names[:servers])
        for number, client in enumerate(names)
        if client != server
    )


@pytest.mark.parametrize(("hosts", "servers", "kinds"), [(2, 2, 1), (40, 12, 3), (60, 60, 5), (30, 30, 1)])
def test_what_is_folded_says_what_each_row_says(hosts: int, servers: int, kinds: int) -> None:
    rows = rows_of(hosts, servers, kinds)
    found = fold(rows)
    said = {
        (row.server, client): fate
        for same, line in found.rows for row in same
        for clients, fate in zip(found.columns, line, strict=True) for client in clients
    }  # fmt: skip
    for row in rows:
        for part in row.parts:
            for client in part.clients:
                fate = said[row.server, client]
                assert fate is not None
                assert (fate.verdict, fate.cause) == (part.fate.verdict, part.fate.cause)
    assert sorted(client for clients in found.columns for client in clients) == sorted(
        {client for row in rows for part in row.parts for client in part.clients}
    )
    assert len(found.columns) <= kinds + 1


def test_fleet_without_ports_has_no_map() -> None:
    page = render_page(fleet(alone=recording("10.0.0.1/24")), (), ())
    assert ("0 ports" in page, "<table" in page, "<script" in page) == (True, False, False)


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    if shutil.which("chromium") is None or shutil.which("chromedriver") is None:
        pytest.skip("chromium and chromedriver are not installed")
    folder = tmp_path_factory.mktemp("fleet-page")
    lost = recording("10.9.0.1/24", changes={"ip-addresses": None})
    reach: Reach = fleet(**{f"lost-{number}": lost for number in range(12)})
    page = render_page(reach, rows_of(1000, 60, 5), (Group(("host-0001",), "abc"),))
    (folder / "fleet.html").write_text(page, encoding="utf-8")
    browser = start("390x844", dark=False, folder=str(folder))
    browser.get((folder / "fleet.html").as_uri())
    yield browser
    browser.quit()


def show(driver: Any, width: int, height: int, *, dark: bool) -> None:
    screen = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
    scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})


@pytest.mark.parametrize("size", [(390, 844), (1280, 900)])
@pytest.mark.parametrize("dark", [False, True])
def test_it_fits_and_every_reader_can_use_it(driver: Any, size: tuple[int, int], dark: bool) -> None:
    show(driver, *size, dark=dark)
    assert driver.execute_script("return document.documentElement.scrollWidth - window.innerWidth") <= 0
    assert driver.execute_script("return parseFloat(getComputedStyle(document.body).fontSize)") >= 16
    axe = axe_core()
    if axe is not None:
        driver.execute_script(axe.read_text(encoding="utf-8"))
        wrong = driver.execute_async_script(
            "const done = arguments[0]; axe.run().then(r => done(r.violations.map(v => v.id + v.nodes[0].html)))"
        )
        assert wrong == []
    assert [one["message"] for one in driver.get_log("browser")] == []


def type_into(driver: Any, field: str, text: str) -> None:
    element = driver.find_element("id", field)
    element.clear()
    element.send_keys(text)


def test_filters_find_every_host(driver: Any) -> None:
    show(driver, 1280, 900, dark=False)
    heads = "return [...document.querySelectorAll('thead th')].filter(h => !h.hidden).length - 1"
    before = driver.execute_script(heads)
    type_into(driver, "q", "host-0059")
    assert driver.find_element("id", "n").text.startswith("1 of ")
    type_into(driver, "q", "host-9999")
    assert driver.find_element("id", "n").text.startswith("0 of ")
    type_into(driver, "q", " ")
    type_into(driver, "c", "host-0998")
    assert driver.execute_script(heads) == 1
    type_into(driver, "c", " ")
    assert driver.execute_script(heads) == before
    driver.execute_script("for (const i of ['q', 'c']) { const e = document.getElementById(i); e.value = '';"
                          "e.dispatchEvent(new Event('input')) }")  # fmt: skip


def test_arrow_keys_move_and_the_cell_is_explained(driver: Any) -> None:
    from selenium.webdriver.common.keys import Keys

    show(driver, 1280, 900, dark=False)
    cell = driver.find_element("css selector", "td[tabindex='0']")
    cell.send_keys(Keys.ARROW_RIGHT)
    said = driver.find_element("id", "say").text
    assert "host-0000" in said
    assert " to " in said
    focused = driver.switch_to.active_element
    assert (focused.tag_name, focused.get_attribute("tabindex")) == ("td", "0")
    assert len(driver.find_elements("css selector", "td[tabindex='0']")) == 1
    focused.send_keys(Keys.ARROW_DOWN)
    assert driver.find_element("id", "say").text != said
    driver.switch_to.active_element.send_keys(Keys.END)
    last = "return document.activeElement.cellIndex === document.activeElement.parentElement.cells.length - 1"
    assert driver.execute_script(last)
    driver.switch_to.active_element.send_keys(Keys.ARROW_RIGHT)
    assert driver.execute_script(last), "the focus leaves the map at its end"
