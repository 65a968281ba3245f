"""Hardware addresses as ``ip`` prints them: those of cards, of tunnels (an IP address), and none at all."""

from __future__ import annotations

import json

import pytest

from landiag.collect.neighbours import parse_neighbours
from landiag.model.facts import ParseError


@pytest.mark.parametrize(
    ("printed", "mac"),
    [("02:00:4d:00:00:20", "02:00:4d:00:00:20"), ("8.8.8.8", None), ("::", None), ("2001:db8::1", None)],
)
def test_a_tunnel_has_no_hardware_address(printed: str, mac: str | None) -> None:
    (one,) = parse_neighbours(_printed(printed))
    assert one.mac == mac


@pytest.mark.parametrize(
    "damaged", ["x", "", "02:00:4d:00:00:2", "02:00:4d:00:00:2\x00", "02-00-4d-00-00-20"]
)
def test_what_no_address_has_the_form_of_is_damage(damaged: str) -> None:
    with pytest.raises(ParseError):
        parse_neighbours(_printed(damaged))


def _printed(address: str) -> str:
    return json.dumps([{"dst": "192.168.77.1", "dev": "eth0", "lladdr": address, "state": ["REACHABLE"]}])
