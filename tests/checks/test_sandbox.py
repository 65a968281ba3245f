"""systemd's address lists: the server's unit may talk to some, and drops what others send (synthetic readings)."""

from __future__ import annotations

from ipaddress import ip_address

import pytest
from msgspec.structs import replace

from landiag.collect.systemd import unit_source
from landiag.collect.units import parse_chain
from landiag.model.facts import ParseError, Reading, ReadStatus
from landiag.model.report import Report, Status
from tests.cases import load, replay

SHOW = "Id={unit}\nIPAddressAllow={allow}\nIPAddressDeny={deny}\nIPIngressFilterPath={program}\n"
EVERYBODY = "::/0 0.0.0.0/0"


def show(allow: str = "", deny: str = "", program: str = "") -> str:
    above = SHOW.format(unit="system.slice", allow="", deny="", program="")
    return above + "\n" + SHOW.format(unit="shop.service", allow=allow, deny=deny, program=program)


def report(text: str, status: ReadStatus = ReadStatus.OK, peer: str | None = None) -> Report:
    """The case in which all is well, with a server that is a unit of systemd's."""
    recording = load("linux-clear").recording
    listeners = recording.readings["ss-listeners"]
    moved = listeners.data.replace(b"cgroup:/ ", b"cgroup:/system.slice/shop.service ")
    assert moved != listeners.data
    unit = Reading("unit shop.service", status, text.encode())
    readings = {
        **recording.readings,
        "ss-listeners": replace(listeners, data=moved),
        unit.source: unit,
    }
    return replay(replace(recording, readings=readings, target=replace(recording.target, peer=peer)))


@pytest.mark.parametrize(
    ("allow", "deny", "client", "admitted"),
    [
        ("", "", "192.168.1.5", True),
        ("", EVERYBODY, "192.168.1.5", False),
        ("127.0.0.0/8 ::1/128", EVERYBODY, "192.168.1.5", False),
        ("192.168.1.0/24", EVERYBODY, "192.168.1.5", True),
        ("192.168.1.0/24", EVERYBODY, "192.168.2.5", False),
        ("", "10.0.0.0/8", "192.168.1.5", True),
        ("", EVERYBODY, "fd00::5", False),
    ],
)
def test_what_is_allowed_outranks_what_is_denied(allow: str, deny: str, client: str, admitted: bool) -> None:
    assert parse_chain(show(allow, deny)).admits(ip_address(client)) is admitted


def test_the_lists_of_slices_add_up() -> None:
    above = SHOW.format(unit="system.slice", allow="", deny="0.0.0.0/0", program="")
    text = f"{above}\n{show('10.0.0.0/8')}"
    assert not parse_chain(text).admits(ip_address("192.168.1.5"))
    assert parse_chain(text).admits(ip_address("10.1.1.1"))


def test_a_denied_network_blocks_and_says_which_unit() -> None:
    said = report(show("127.0.0.0/8", EVERYBODY))
    assert (said.verdict.status, said.verdict.cause) == (Status.BLOCKED, "sandbox-denies")
    finding = next(one for one in said.findings if one.code == "sandbox-denies")
    assert "shop.service" in finding.title
    assert finding.fixes[0].commands == (
        "systemctl set-property shop.service IPAddressAllow=192.168.77.0/24",
    )


def test_the_root_slice_is_asked_and_its_name_is_no_option() -> None:
    assert unit_source(("system.slice", "shop.service")).argv[-4:] == (
        "--",
        "-.slice",
        "system.slice",
        "shop.service",
    )
    root = SHOW.format(unit="-.slice", allow="", deny=EVERYBODY, program="")
    said = report(f"{root}\n{show()}")
    (finding,) = [one for one in said.findings if one.code == "sandbox-denies"]
    assert "IPAddressDeny of -.slice" in finding.title
    fix = finding.fixes[0]
    assert fix.commands == ("systemctl set-property -- -.slice IPAddressAllow=192.168.77.0/24",)
    assert fix.undo[0] == "systemctl set-property -- -.slice IPAddressAllow="


@pytest.mark.parametrize("text", [show(), show("0.0.0.0/0", EVERYBODY), ""])
def test_units_that_admit_the_network_are_fine(text: str) -> None:
    assert report(text).verdict.status is Status.CLEAR


def test_a_program_of_the_users_own_cannot_be_judged() -> None:
    said = report(show(program="/sys/fs/bpf/mine"))
    assert said.verdict.status is Status.UNDETERMINED
    assert any(one.code == "sandbox-denies" for one in said.findings)


def test_without_systemd_there_are_no_lists() -> None:
    assert report("", ReadStatus.FAILED).verdict.status is Status.CLEAR


def test_lists_that_are_none_are_refused() -> None:
    with pytest.raises(ParseError, match="not a description of a unit"):
        parse_chain("IPAddressDeny=somewhere\n")
