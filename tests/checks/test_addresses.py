"""Which address clients are given: is it one that reaches this machine?"""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from msgspec.structs import replace

from landiag.checks import CHECKS
from landiag.checks.addresses import check as addresses
from landiag.model.facts import Unknown
from landiag.model.host import Facts
from landiag.model.report import Finding, Outcome, Target
from tests.checks.asked import case_of
from tests.journey.world import BASE, ETH0, LO, LOCAL, ROUTES, SERVER, host, interface, route

DOCKER = interface("docker0", "172.17.0.1/16", kind="container", index=9)
ETH1 = interface("eth1", "10.0.0.1/24", index=9)
WIDE = host(interfaces=(LO, ETH0, DOCKER))


def found(
    facts: Facts, to: str | None = None, peer: str | None = None, by: str | None = None
) -> Sequence[Finding]:
    return addresses.check(case_of(facts, peer=peer, target=Target(5000, address=to, interface=by))).findings


@pytest.mark.parametrize(
    ("to", "peer", "outcome", "says"),
    [
        ("192.168.77.99", None, Outcome.BLOCKS, "This machine does not have the address 192.168.77.99"),
        ("127.0.0.1", None, Outcome.BLOCKS, "127.0.0.1 is every machine's own address"),
        ("172.17.0.1", None, Outcome.BLOCKS, "172.17.0.1 belongs to docker0, a network inside this machine"),
        (
            "172.17.0.1",
            "192.168.77.20",
            Outcome.UNKNOWN,
            "Whether 192.168.77.20 finds 172.17.0.1, an address of docker0 inside this machine",
        ),
    ],
)
def test_an_address_that_clients_cannot_use_is_named(
    to: str, peer: str | None, outcome: Outcome, says: str
) -> None:
    (finding,) = found(WIDE, to, peer)
    assert (finding.code, finding.outcome) == ("wrong-address", outcome)
    assert finding.title.startswith(says)
    if outcome is Outcome.BLOCKS:
        assert finding.fixes[0].steps == (f"Give clients http://{SERVER}:5000/ instead.",)


def test_the_address_that_clients_use_is_fine() -> None:
    assert found(WIDE) == found(WIDE, SERVER) == ()
    assert addresses.check(case_of(BASE)).summary == f"{SERVER} on eth0"
    more = addresses.check(case_of(host(interfaces=(LO, ETH0, ETH1))))
    assert more.summary == f"{SERVER} on eth0, and 1 more"


@pytest.mark.parametrize(
    ("facts", "by", "code", "says"),
    [
        (host(interfaces=(LO,)), None, "no-lan-address", "This machine has no address on a network"),
        (host(interfaces=(LO, replace(ETH0, up=False))), None, "link-down", "eth0 is switched off"),
        (host(interfaces=(LO, replace(ETH0, carrier=False))), None, "link-down", "eth0 has no link"),
        (
            host(interfaces=(LO, replace(ETH0, addresses=()), replace(ETH1, carrier=False))),
            None,
            "no-lan-address",
            "This machine has no address",
        ),
        (host(interfaces=(LO, ETH0, replace(ETH1, carrier=False))), "eth1", "link-down", "eth1 has no link"),
        (
            host(interfaces=(LO, ETH0, replace(ETH1, addresses=()))),
            "eth1",
            "no-lan-address",
            "This machine has no",
        ),
    ],
    ids=["none", "off", "no carrier", "another card has its link", "the asked one", "the asked one has none"],
)
def test_without_a_way_in_what_is_missing_is_named(
    facts: Facts, by: str | None, code: str, says: str
) -> None:
    (finding,) = found(facts, by=by)
    assert (finding.code, finding.outcome) == (code, Outcome.BLOCKS)
    assert finding.title.startswith(says)


def test_the_asked_address_on_a_link_that_is_down_is_found_with_its_fix() -> None:
    (finding,) = found(host(interfaces=(LO, ETH0, replace(ETH1, up=False))), "10.0.0.1")
    assert (finding.code, finding.paths) == ("link-down", ("way0",))
    assert finding.fixes[0].commands == ("ip link set dev eth1 up",)


def test_an_address_that_another_device_had_first_is_not_in_use() -> None:
    six = interface("eth0", f"{SERVER}/24", "fd77::10/64")
    given_up = replace(six, addresses=(six.addresses[0], replace(six.addresses[1], duplicate=True)))
    (finding,) = found(host(interfaces=(LO, given_up)))
    assert (finding.code, finding.outcome) == ("duplicate-address", Outcome.WARNS)
    assert finding.title == "Another device already has fd77::10: eth0 does not use it"


def test_a_container_network_that_covers_a_part_of_the_clients_warns_of_those() -> None:
    inside = interface("docker0", "192.168.77.200/28", kind="container", index=9)
    routes = (*ROUTES, route("192.168.77.192/28", "docker0"))
    (finding,) = found(host(interfaces=(LO, ETH0, inside), routes=routes))
    assert (finding.code, finding.outcome) == ("subnet-overlap", Outcome.WARNS)
    assert finding.title.startswith("192.168.77.192 to 192.168.77.199, 192.168.77.201 to 192.168.77.207:")


def test_a_container_network_that_covers_all_of_them_blocks() -> None:
    inside = interface("docker0", "192.168.64.1/18", kind="container", index=9)
    routes = (*LOCAL, route("192.168.64.0/18", "docker0"))
    (finding,) = found(host(interfaces=(LO, ETH0, inside), routes=routes))
    assert (finding.code, finding.outcome) == ("subnet-overlap", Outcome.BLOCKS)


def test_addresses_that_could_not_be_read_are_unknown() -> None:
    (finding,) = found(host(interfaces=Unknown("denied", "ip addr")))
    assert (finding.code, finding.outcome) == ("no-lan-address", Outcome.UNKNOWN)


def test_addresses_that_could_not_be_read_are_said_on_every_line() -> None:
    gone = Unknown("the program ip is not installed", "ip-addresses", "sudo apt-get install iproute2")
    case = case_of(host(interfaces=gone, routes=gone))
    assert [one.check(case).summary for one in CHECKS[3:]] == [
        "not followed: the addresses could not be read",
        "not followed: the addresses could not be read",
        "not asked: the addresses could not be read",
        "the gateway is not known, and no --peer to ask",
    ]
    (finding,) = addresses.check(case).findings
    assert finding.fixes[0].commands == ("apt-get install iproute2",)
