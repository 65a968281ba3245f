"""Bridges and switches that look like those of virtual machines: which are ways in to this machine."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest

from landiag.collect.outside import with_ways_out
from landiag.model.facts import Interface, Unknown
from landiag.model.route import Route

DEFAULT = Route(ip_network("0.0.0.0/0"), device="virbr0", gateway=ip_address("192.168.77.1"))
ON_LINK = Route(ip_network("192.168.122.0/24"), device="virbr0")


def kind_of_bridge(routes: tuple[Route, ...], *members: Interface) -> str:
    found = with_ways_out((Interface("virbr0", 9, "vm", True, True), *members), routes)
    assert not isinstance(found, Unknown)
    return found[0].kind


@pytest.mark.parametrize("kind", ["ethernet", "wifi", "bond", "vlan"])
def test_a_bridge_with_a_card_in_it_is_a_way_in(kind: str) -> None:
    card = Interface("enp3s0", 2, kind, True, True, master="virbr0")
    assert kind_of_bridge((ON_LINK,), card) == "bridge"


def test_a_bridge_by_which_the_default_route_leaves_is_a_way_in() -> None:
    assert kind_of_bridge((DEFAULT,)) == "ethernet"


@pytest.mark.parametrize("kind", ["veth", "tunnel", "vm"])
def test_a_bridge_of_machines_alone_is_none(kind: str) -> None:
    assert kind_of_bridge((ON_LINK,), Interface("vnet0", 3, kind, True, True, master="virbr0")) == "vm"
    elsewhere = Interface("enp3s0", 2, "ethernet", True, True, master="br0")
    assert kind_of_bridge((ON_LINK,), elsewhere) == "vm"
