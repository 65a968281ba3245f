"""What ``landiag list`` says of a recorded machine: each listener with who reaches it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from types import FrameType

import pytest

from landiag.host import RecordedHost, Recorder
from landiag.host.recording import undamaged
from landiag.listeners import list_listeners
from landiag.model.facts import Unknown
from landiag.model.listener import Listener
from landiag.render.listeners import render_list_json, render_listeners
from landiag.render.style import Style
from tests.cases import load
from tests.machines.made import MADE
from tests.machines.many_listeners import enlarged


def listed(name: str, lacks: str = "") -> tuple[Listener, ...]:
    recorded = load(name).recording.readings
    readings = {source: undamaged(one) for source, one in recorded.items() if source != lacks}
    found = list_listeners(Recorder(RecordedHost(readings)), float("inf"))
    assert not isinstance(found, Unknown)
    return found


def test_each_listener_has_who_reaches_it() -> None:
    (one,) = listed("linux-firewall-drops-range")
    assert (one.reached, one.cause) == ("no", "firewall-drops")
    assert [(span.first, span.last) for span in one.clients] == [("192.168.77.200", "192.168.77.250")]
    assert [(span.first, span.last) for span in one.others] == [
        ("192.168.77.1", "192.168.77.9"), ("192.168.77.11", "192.168.77.199"), ("192.168.77.251", "192.168.77.254"),
    ]  # fmt: skip
    assert "firewall-drops (open for 192.168.77.200 to 192.168.77.250)" in render_listeners([one], Style(120))
    (document,) = json.loads(render_list_json([one]))["listeners"]
    assert document["clients"] == [{"first": "192.168.77.200", "last": "192.168.77.250"}]


def test_where_all_fare_the_same_nobody_is_named() -> None:
    (one,) = listed("linux-clear")
    assert one.reached == "yes"
    assert one.others == ()
    assert " for " not in render_listeners([one], Style(120)).splitlines()[1]


def test_addresses_that_could_not_be_read_are_not_none() -> None:
    (one,) = listed("linux-clear", lacks="ip-addresses")
    assert (one.reached, one.cause) == ("unknown", "no-lan-address")
    assert "addresses could not be read" in render_listeners([one], Style(120))


@pytest.mark.parametrize(
    "name",
    [name for name in MADE if MADE[name].cause == "port-not-forwarded"]
    + [name for name in MADE if name.startswith("wsl2-clear-nat") and MADE[name].peer is None],
)
def test_what_the_machine_in_front_passes_on_decides(name: str) -> None:
    made = MADE[name]
    found = list_listeners(Recorder(made.host), time.monotonic() + 60)
    assert not isinstance(found, Unknown)
    reached = {one.reached for one in found if one.port == made.port}
    assert reached <= {{"clear": "yes", "blocked": "no", "undetermined": "unknown"}[made.status]}


MOST_CALLS = 1_250
"""Of functions, for each listener more: a second for four thousand of them."""


def test_a_listener_more_is_little_work() -> None:
    assert (_calls(60) - _calls(10)) / 50 < MOST_CALLS


def _calls(listeners: int) -> int:
    """Count the calls that a list of so many listeners takes: unlike seconds, they are the same under load."""
    readings = enlarged(load("linux-ufw-limits").recording.readings, listeners, routes=1)
    counted = 0

    def count(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal counted
        counted += event == "call"

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        list_listeners(Recorder(RecordedHost(readings)), float("inf"))
    finally:
        sys.setprofile(before)
    return counted


def test_verbose_shows_what_was_read() -> None:
    argv = (sys.executable, "-W", "ignore", "-m", "landiag", "list")
    quiet, verbose = (
        subprocess.run((*argv, *more), capture_output=True, text=True, check=False, timeout=60).stdout
        for more in ((), ("--verbose",))
    )
    assert "Readings:" not in quiet
    assert "\n\nReadings:\n" in verbose
    assert "\nmachine " in verbose
