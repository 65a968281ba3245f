"""The page in a real browser: what it says of each fault, how it looks, and that everybody can use it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab.build import build
from tests.lab.network import Lab
from tests.lab.serve.case import Page as Scene
from tests.lab.serve.case import axe_core, begin, browse, browse_sizes, end, missing, problems
from tests.lab.serve.scenarios import SCENARIOS

pytestmark = [pytest.mark.lab, pytest.mark.skipif(bool(missing()), reason=missing())]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda one: one.name)
def test_scenario(scenario: Scene) -> None:
    assert problems(scenario) == []


@pytest.fixture(scope="module")
def pages() -> Iterator[tuple[Lab, str, str]]:
    """A page in a lab where the server listens for itself only: its URLs for phones and for the person there."""
    scenario = next(one for one in SCENARIOS if one.name == "loopback")
    with build(scenario.lab()) as lab:
        serve, phone, owner = begin(lab)
        yield lab, phone, owner
        end(lab, serve)


PHONES = ("320x640", "360x740", "1280x800")
SCREENS = ("360x740", "1280x800")


@pytest.mark.parametrize("dark", [False, True])
def test_phones_page(pages: tuple[Lab, str, str], dark: bool) -> None:
    """No axe-core violation, nothing wider than the screen, everything within reach of the tab key."""
    lab, phone, _ = pages
    sizes = [f"--size {size}" for size in PHONES]
    every = browse_sizes(lab, phone, *sizes, "--keys", "--dark" if dark else "", *axe_options())
    for size, seen in zip(PHONES, every, strict=True):
        assert seen.get("axe", []) == [], size
        assert (seen["width"], seen["screen"]) == (0, int(size.partition("x")[0]))
        assert "BUTTON true" in seen["focus"], size
        assert (seen["colour"] == "rgb(13, 17, 23)") is dark, size


def test_owners_page(pages: tuple[Lab, str, str]) -> None:
    """The local face: the verdict, the arrivals, the report; usable by everybody too."""
    lab, phone, owner = pages
    browse(lab, phone)
    sizes = [f"--size {size}" for size in SCREENS]
    options = (*sizes, "--wait '#answer.blocked'", "--keys", *axe_options())
    for size, seen in zip(SCREENS, browse_sizes(lab, owner, *options, on="server"), strict=True):
        assert "listening on 127.0.0.1 only" in seen["headline"], size
        assert "192.168.77.20" in " ".join(seen["phones"]), size
        assert seen.get("axe", []) == [], size
        assert seen["width"] <= 0, size


def axe_options() -> tuple[str, ...]:
    """Ask for axe-core where it is installed."""
    found = axe_core()
    return () if found is None else (f"--axe {found}",)


def test_axe_core_is_there() -> None:
    if axe_core() is None:
        pytest.skip("no axe-core: npm install -g axe-core (or --prefix FOLDER, and LANDIAG_AXE=FOLDER)")
    assert Path(str(axe_core())).stat().st_size > 100_000


def test_names_are_unique() -> None:
    assert len({scenario.name for scenario in SCENARIOS}) == len(SCENARIOS)
