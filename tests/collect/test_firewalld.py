"""The zones of firewalld, as firewall-cmd lists them."""

from __future__ import annotations

import pytest

from landiag.collect.firewalld import Zone, parse_service, parse_zones
from landiag.model.facts import ParseError

LISTED = """block
  target: %%REJECT%%
  interfaces: 
  services: 

public (default, active)
  target: default
  interfaces: eth0 wlan0
  sources: 192.168.77.0/24
  services: ssh
  ports: 5000/tcp 8000-8010/tcp
  rich rules: 
\trule family="ipv4" source address="192.168.77.0/24" accept
\trule service name="http" drop

"""  # noqa: W291 (firewall-cmd writes the spaces)


def test_each_zone_is_read() -> None:
    zones = parse_zones(LISTED)
    assert zones["block"] == Zone("%%REJECT%%")
    assert zones["public"] == Zone(
        "default",
        frozenset(("eth0", "wlan0")),
        frozenset(("192.168.77.0/24",)),
        frozenset(("ssh",)),
        frozenset(("5000/tcp", "8000-8010/tcp")),
        frozenset(
            (
                'rule family="ipv4" source address="192.168.77.0/24" accept',
                'rule service name="http" drop',
            )
        ),
    )


@pytest.mark.parametrize("text", ["Error: no such zone here\n", "public\n  ports: 5000/tcp\n"])
def test_what_is_no_list_of_zones_is_told(text: str) -> None:
    with pytest.raises(ParseError):
        parse_zones(text)


def test_the_ports_of_a_service_are_read() -> None:
    assert parse_service("http\n  ports: 80/tcp 443/tcp\n  protocols: \n") == {"80/tcp", "443/tcp"}
    with pytest.raises(ParseError):
        parse_service("Error: INVALID_SERVICE: x\n")
