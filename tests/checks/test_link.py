"""What keeps clients from finding the address on the link, in words and commands."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from landiag.checks.addresses import check as addresses
from landiag.checks.addresses import elsewhere, link
from landiag.collect.exchanges.arp import ArpAnswers, Owner
from landiag.model.facts import Family, Interface, Unknown
from landiag.model.host import Facts
from landiag.model.report import Finding, Outcome, Target
from landiag.model.terms import Symptom
from tests.checks.asked import case_of, said
from tests.journey.world import (
    BASE,
    CLIENT,
    ETH0,
    LO,
    LOCAL,
    MAC,
    ROUTES,
    RULES,
    SERVER,
    host,
    interface,
    neighbour,
    route,
    settings,
)

BR0, BOND0 = (interface(name, kind=kind) for name, kind in (("br0", "bridge"), ("bond0", "bond")))
WAY = case_of(BASE).way


def found(facts: Facts, peer: str | None = None, *answers: tuple[str, ...]) -> list[Finding]:
    """What the check says of the first way in; ``answers`` are the MACs that claim its address by ARP."""
    case = case_of(facts, peer=peer)
    assert case.way is not None
    owners = tuple(Owner(SERVER, macs) for macs in answers)
    readings = dict(said(call, ArpAnswers(1, owners)) for call in link.plan(facts, case.way) if answers)
    assert not isinstance(facts.interfaces, Unknown)
    return link.check_way_in(replace(case, readings=readings), case.way, facts.interfaces)


def with_card(**changed: object) -> Facts:
    return host(interfaces=(LO, replace(ETH0, **changed)))


@pytest.mark.parametrize(
    ("facts", "code", "title", "command"),
    [
        (
            host(sysctls=settings(arp_ignore="8")),
            "link-down",
            f"eth0 answers no ARP questions for it (arp_ignore): clients cannot find {SERVER}",
            "sysctl -w net.ipv4.conf.eth0.arp_ignore=0",
        ),
        (
            host(sysctls=settings(arp_filter="1"), routes=(*ROUTES, route("192.168.77.0/25", "eth1"))),
            "link-down",
            f"eth0 answers ARP only where it would send to the client (arp_filter): clients cannot find {SERVER}",
            "sysctl -w net.ipv4.conf.eth0.arp_filter=0",
        ),
        (
            with_card(arp=False),
            "link-down",
            f"eth0 answers no ARP requests: clients cannot find {SERVER}",
            "ip link set dev eth0 arp on",
        ),
        (
            with_card(mtu=400),
            "path-mtu",
            "eth0 takes packets of at most 400 bytes: what clients send may be lost",
            "ip link set dev eth0 mtu 1500",
        ),
        (
            host(interfaces=(LO, replace(ETH0, master="br0"), BR0)),
            "wrong-address",
            f"eth0 belongs to br0, which takes its packets: {SERVER} is on the wrong one",
            f"ip addr add {SERVER}/24 dev br0",
        ),
    ],
    ids=["arp_ignore", "arp_filter", "noarp", "mtu", "bridge"],
)
def test_what_stands_in_the_way_is_named_with_what_takes_it_away(
    facts: Facts, code: str, title: str, command: str
) -> None:
    (finding,) = found(facts)
    assert (finding.code, finding.title) == (code, title)
    assert finding.outcome is (Outcome.UNKNOWN if code == "path-mtu" else Outcome.BLOCKS)
    assert command in finding.fixes[0].commands
    assert finding.fixes[0].undo


def test_a_setting_is_said_to_help_only_where_clients_then_find_the_address() -> None:
    (finding,) = found(host(sysctls=settings(arp_ignore="8")))
    assert finding.fixes[0].verified is True
    twice = {**settings(arp_ignore="8"), "net.ipv4.conf.all.arp_ignore": "1"}
    (finding,) = found(host(sysctls=twice))
    assert len(finding.fixes[0].commands) == 2
    filtered = {**twice, "net.ipv4.conf.eth0.arp_filter": "1"}
    (finding,) = found(host(sysctls=filtered, routes=(*LOCAL, route("192.168.77.0/24", "eth1"))))
    assert finding.fixes[0].verified is None


def test_a_client_with_our_own_hardware_address_is_another_device() -> None:
    (finding,) = found(host(neighbours=(neighbour(CLIENT, MAC, "STALE"),)), CLIENT)
    assert finding.code == "duplicate-address"
    assert (
        finding.title
        == f"Another device on eth0 has this machine's MAC address {MAC}: clients cannot find {SERVER}"
    )


def test_ipv6_clients_of_another_link_do_not_find_the_address() -> None:
    """The address is on eth1, and the client that was named comes by eth0."""
    facts = host(
        interfaces=(LO, interface("eth0", "fd77::10/64"), interface("eth1", "fd78::10/64")),
        routes=(
            route("fd78::10/128", "eth1", kind="local", table="local"),
            route("fd77::/64", "eth0"),
            route("fd78::/64", "eth1"),
        ),
        policy_rules=tuple(replace(one, family=Family.IPV6) for one in RULES),
    )
    way = next(one for one in case_of(facts, peer="fd77::20").ways if str(one.ip) == "fd78::10")
    case = replace(case_of(facts, peer="fd77::20"), ways=(way,))
    assert not isinstance(facts.interfaces, Unknown)
    (finding,) = link.check_way_in(case, way, facts.interfaces)
    assert finding.code == "wrong-address"
    assert finding.title == "fd78::10 is on eth1, not on eth0: clients cannot find fd78::10"


@pytest.mark.parametrize(
    ("macs", "is_told"), [(("02:00:00:00:00:99",), True), ((MAC,), False), ((), False)], ids=str
)
def test_another_device_that_claims_the_address_is_named(macs: tuple[str, ...], is_told: bool) -> None:
    codes = [finding.code for finding in found(BASE, None, macs)]
    assert codes == (["duplicate-address"] if is_told else [])


def test_only_root_on_linux_asks_who_has_an_address_of_ipv4() -> None:
    assert len(link.plan(BASE, WAY)) == 1
    assert link.plan(replace(BASE, privileged=False), WAY) == ()
    assert link.plan(replace(BASE, os="macos"), WAY) == ()
    assert link.plan(BASE, None) == ()


@pytest.mark.parametrize("master", [BR0, BOND0], ids=lambda one: one.kind)
def test_the_ports_master_takes_every_packet_first(master: Interface) -> None:
    (finding,) = found(host(interfaces=(LO, replace(ETH0, master=master.name), master)))
    assert f"The address has to be on the {master.kind} {master.name} itself" in finding.detail


@pytest.mark.parametrize(
    ("macs", "symptom"), [((), Symptom.UNREACHABLE), (("02:00:00:00:00:63",), Symptom.UNKNOWN)]
)
def test_who_answers_for_an_address_that_this_machine_has_not_is_asked(
    macs: tuple[str, ...], symptom: Symptom
) -> None:
    target = Target(5000, address="192.168.77.99")
    (question,) = elsewhere.plan(case_of(BASE, target=target))
    owners = tuple(Owner("192.168.77.99", (mac,)) for mac in macs)
    readings = dict([said(question, ArpAnswers(1, owners))])
    found = addresses.check(case_of(BASE, readings, target=target)).findings
    (finding,) = [one for one in found if one.code == "wrong-address"]
    assert finding.symptom is symptom
    assert [one.text for one in finding.evidence if one.source == "ARP"] == [
        f"192.168.77.99 is at {mac}" for mac in macs
    ]


def test_of_its_own_and_of_distant_addresses_nobody_is_asked() -> None:
    for address in (SERVER, "10.200.0.9", "fd77::99"):
        assert elsewhere.plan(case_of(BASE, target=Target(5000, address=address))) == ()
    assert elsewhere.plan(case_of(BASE)) == ()
