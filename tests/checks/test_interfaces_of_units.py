"""RestrictNetworkInterfaces: in force where systemd has BPF programs, and then for this machine's own test, too."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from landiag.collect.systemd import FEATURES
from landiag.model.facts import Reading, ReadStatus
from landiag.model.report import Report, Status
from tests.cases import load, replay

SHOW = (
    "IPAddressAllow=\nIPAddressDeny=\nIPIngressFilterPath=\nRestrictNetworkInterfaces={}\nId=shop.service\n"
)
WITH, WITHOUT = (f"Version=257\nFeatures=+PAM {sign}BPF_FRAMEWORK -IDN\n" for sign in "+-")


def report(listed: str = "", features: str | None = WITH, text: str | None = None) -> Report:
    """The case in which all is well, with a server that is a unit of systemd's."""
    recording = load("linux-clear").recording
    listeners = recording.readings["ss-listeners"]
    moved = listeners.data.replace(b"cgroup:/ ", b"cgroup:/system.slice/shop.service ")
    added = [Reading("unit shop.service", ReadStatus.OK, (text or SHOW.format(listed)).encode())]
    if features is not None:
        added.append(Reading(FEATURES.name, ReadStatus.OK, features.encode()))
    readings = {**recording.readings, "ss-listeners": replace(listeners, data=moved)}
    return replay(replace(recording, readings={**readings, **{one.source: one for one in added}}))


@pytest.mark.parametrize(
    ("listed", "features", "status"),
    [
        ("lo", WITH, Status.BLOCKED),
        ("~eth0 wlan0", WITH, Status.BLOCKED),
        ("lo", WITHOUT, Status.CLEAR),
        ("lo", None, Status.UNDETERMINED),
        ("eth0 lo", WITH, Status.CLEAR),
        ("~wlan0", WITH, Status.CLEAR),
        ("~", None, Status.CLEAR),
    ],
)
def test_the_interface_that_clients_come_by_decides(
    listed: str, features: str | None, status: Status
) -> None:
    assert report(listed, features).verdict.status is status


@pytest.mark.parametrize(
    ("listed", "lines"),
    [
        ("lo", '"[Service]" "RestrictNetworkInterfaces=eth0"'),
        ("~eth0 wlan0", '"[Service]" "RestrictNetworkInterfaces=" "RestrictNetworkInterfaces=~wlan0"'),
        ("~eth0", '"[Service]" "RestrictNetworkInterfaces=" >'),
    ],
)
def test_the_fix_adds_it_or_takes_it_out(listed: str, lines: str) -> None:
    (found,) = [one for one in report(listed).findings if one.code == "sandbox-denies"]
    assert "RestrictNetworkInterfaces of shop.service" in found.title
    assert lines in found.fixes[0].commands[1]
    assert found.fixes[0].commands[-1] == "systemctl restart shop.service"


@pytest.mark.parametrize(
    ("block", "orders"),
    [
        ("Id=shop.socket\nTriggers=shop.service\n", ("stop shop.service", "restart shop.socket")),
        ("Id=web.slice\n", ("restart web.slice",)),
        ("Id=-.slice\n", ()),
        ("Id=system.slice\n", ()),
    ],
)
def test_what_holds_the_sockets_is_started_anew_if_it_can_be(block: str, orders: tuple[str, ...]) -> None:
    """systemd refuses to start a socket whose service runs, and the root slice always."""
    text = SHOW.format("lo").replace("Id=shop.service\n", block)
    (found,) = [one for one in report(text=text).findings if one.code == "sandbox-denies"]
    assert found.fixes[0].commands[3:] == tuple(f"systemctl {one}" for one in orders)
    assert (found.fixes[0].risk is None) is block.startswith("Id=shop")
