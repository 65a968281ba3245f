"""A browser on a host of the lab: opens the page, waits for its answer, prints what it shows as JSON.

Runs there as a script of its own: ``python browser.py URL [--axe FILE] [--size 360x740]... [--dark] [--shot FILE]
[--wait SELECTOR] [--keys]``. With several sizes the page is opened anew for each, and each has a line of JSON.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path
from typing import Any


def start(size: str, *, dark: bool, folder: str = "/srv") -> Any:
    """Start Debian's chromium without a window; what it writes goes below ``folder``."""
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    width, _, height = size.partition("x")
    for word in (
        *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"),
        *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
        f"--window-size={width},{height}",
        f"--user-data-dir={tempfile.mkdtemp(dir=folder)}",
    ):
        options.add_argument(word)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))
    emulate(driver, size, dark=dark)
    return driver


def emulate(driver: Any, size: str, *, dark: bool) -> None:
    """Give the browser a screen of this size, and its person's taste."""
    width, _, height = size.partition("x")
    # A window is never narrower than 500 px: the screen of a phone must be emulated.
    screen = {"width": int(width), "height": int(height), "deviceScaleFactor": 1, "mobile": int(width) < 600}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
    scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})


def look(driver: Any, url: str, wait: str) -> dict[str, Any]:
    """Open the page and wait until it has an answer."""
    driver.get(url)
    deadline = time.monotonic() + 25
    while not driver.find_elements("css selector", wait) and time.monotonic() < deadline:
        time.sleep(0.1)
    return shown(driver)


def shown(driver: Any) -> dict[str, Any]:
    """What a person sees."""
    links = [one.get_attribute("href") for one in driver.find_elements("css selector", "#answer a")]
    return {
        "done": driver.execute_script("return document.body.getAttribute('data-done')"),
        "headline": driver.execute_script("return document.getElementById('headline').textContent"),
        "detail": driver.execute_script("return document.getElementById('detail').textContent"),
        "status": driver.execute_script("return document.getElementById('answer').className"),
        "tries": [one.text for one in driver.find_elements("css selector", "#tries li")],
        "phones": [one.text for one in driver.find_elements("css selector", "#phones li")],
        "links": links,
        "width": driver.execute_script("return document.documentElement.scrollWidth - window.innerWidth"),
        "screen": driver.execute_script("return window.innerWidth"),
        "colour": driver.execute_script("return getComputedStyle(document.body).backgroundColor"),
        "log": [one["message"] for one in driver.get_log("browser")],
    }


def walk(driver: Any) -> list[str]:
    """Press the tab key through the page: what gets the focus, and whether that shows."""
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.keys import Keys

    reached = []
    for _ in range(6):
        ActionChains(driver).send_keys(Keys.TAB).perform()
        reached.append(
            driver.execute_script(
                "var e = document.activeElement, s = getComputedStyle(e);"
                "return e.tagName + ' ' + (parseFloat(s.outlineWidth) > 0 && s.outlineStyle !== 'none')"
            )
        )
    return reached


def main() -> None:
    """Do what the command line says."""
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("--axe")
    parser.add_argument("--size", action="append")
    parser.add_argument("--dark", action="store_true")
    parser.add_argument("--shot")
    parser.add_argument("--wait", default="body[data-done=yes]")
    parser.add_argument("--keys", action="store_true")
    wanted = parser.parse_args()
    sizes = wanted.size or ["360x740"]
    driver = start(sizes[0], dark=wanted.dark)
    try:
        for size in sizes:
            emulate(driver, size, dark=wanted.dark)
            print(json.dumps(_see(driver, wanted)))
    finally:
        driver.quit()


def _see(driver: Any, wanted: argparse.Namespace) -> dict[str, Any]:
    found = look(driver, wanted.url, wanted.wait)
    if wanted.axe:
        driver.execute_script(Path(wanted.axe).read_text(encoding="utf-8"))
        found["axe"] = driver.execute_async_script(
            "var done = arguments[0]; axe.run().then(function (r) {"
            "done(r.violations.map(function (v) { return v.id + ': ' + v.nodes.map(n => n.html).join(' ; '); })) })"
        )
    if wanted.keys:
        found["focus"] = walk(driver)
    if wanted.shot:
        driver.save_screenshot(wanted.shot)
    return found


if __name__ == "__main__":
    main()
