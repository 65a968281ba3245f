"""Units as systemctl shows them: texts of Debian 12 (systemd 252) and 13 (257)."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from landiag.collect.systemd import parse_features
from landiag.collect.units import NameList, parse_chain, parse_units
from landiag.model.facts import ParseError

SERVICES = """\
MainPID=493
Result=success
NRestarts=2
SocketBindAllow=ipv4:tcp5001-5005
SocketBindDeny=any
RestrictNetworkInterfaces=lo
PrivateNetwork=yes
RestrictAddressFamilies=AF_UNIX
NetworkNamespacePath=
Id=a.service
JoinsNamespaceOf=
ActiveState=active
SubState=running

MainPID=0
Result=exit-code
NRestarts=0
SocketBindAllow=5000
SocketBindDeny=udpany
RestrictNetworkInterfaces=~eth1 lo
PrivateNetwork=no
RestrictAddressFamilies=
NetworkNamespacePath=
Id=b.service
JoinsNamespaceOf=
ActiveState=failed
SubState=failed

MainPID=304
Result=success
NRestarts=0
RestrictNetworkInterfaces=~
PrivateNetwork=no
RestrictAddressFamilies=~
NetworkNamespacePath=
Id=c.service
JoinsNamespaceOf=
ActiveState=active
SubState=running
"""
SOCKETS = """\
Listen=127.0.0.1:5004 (Stream)
Listen=[::1]:5004 (Stream)
Listen=[::]:5004 (Datagram)
Id=s.socket
Triggers=s.service
ActiveState=active

Listen=audit 1 (Netlink)
Id=systemd-journald-audit.socket
Triggers=systemd-journald.service
ActiveState=active
"""
SLICE = "IPAddressAllow=\nIPAddressDeny={deny}\nRestrictNetworkInterfaces={interfaces}\nId={name}\n"


def test_lists_of_names_let_through_or_keep_away() -> None:
    first, second, third = parse_units(SERVICES)
    assert (first.interfaces, second.interfaces, third.interfaces) == (
        NameList(("lo",)),
        NameList(("eth1", "lo"), denies=True),
        None,
    )
    assert first.interfaces is not None
    assert second.interfaces is not None
    assert [one.admits("eth0") for one in (first.interfaces, second.interfaces)] == [False, True]


def test_families_that_are_none_are_another_thing_than_all() -> None:
    first, second, third = parse_units(SERVICES)
    assert (first.families, second.families, third.families) == (NameList(("AF_UNIX",)), NameList(()), None)


def test_states_tell_services_that_fail() -> None:
    assert [unit.keeps_failing for unit in parse_units(SERVICES)] == [True, True, False]
    assert [unit.network_setting for unit in parse_units(SERVICES)] == ["PrivateNetwork=yes", "", ""]


@pytest.mark.parametrize(
    ("allow", "deny", "may"),
    [
        ("", "", True),
        ("", "any", False),
        ("ipv4:tcp5001-5005", "any", False),
        ("ipv4:tcp4999-5005", "any", True),
        ("ipv4:tcp:5000", "any", True),
        ("5000", "any", True),
        ("", "udpany", True),
        ("", "ipv6:tcp:5000", False),
        ("", "tcp:5001", True),
    ],
)
def test_what_a_service_may_bind(allow: str, deny: str, may: bool) -> None:
    (unit,) = parse_units(f"Id=a.service\nSocketBindAllow={allow}\nSocketBindDeny={deny}\n")
    assert unit.may_bind(5000) is may


def test_socket_units_name_all_that_they_listen_on() -> None:
    first, _ = parse_units(SOCKETS)
    assert first.listens == (
        "ListenStream=127.0.0.1:5004",
        "ListenStream=[::1]:5004",
        "ListenDatagram=[::]:5004",
    )
    assert (first.triggers, first.section) == (("s.service",), "Socket")


def test_the_unit_that_decides_is_named() -> None:
    above = SLICE.format(deny="10.0.0.0/8", interfaces="~eth0", name="web.slice")
    own = SLICE.format(deny="192.168.0.0/16", interfaces="~", name="shop.service")
    chain = parse_chain(f"{above}\n{own}")
    found = [chain.denier(ip_address(one)) for one in ("10.1.1.1", "192.168.1.5", "172.16.0.1")]
    assert [None if one is None else one[0].name for one in found] == ["web.slice", "shop.service", None]
    keeper = chain.keeper("eth0")
    assert keeper is not None
    assert keeper.name == "web.slice"
    assert chain.keeper("eth1") is None


def test_features() -> None:
    assert parse_features("Version=257\nFeatures=+PAM -SELINUX +BPF_FRAMEWORK\n") == {"PAM", "BPF_FRAMEWORK"}
    with pytest.raises(ParseError):
        parse_features("Version=257\n")
