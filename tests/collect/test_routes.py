"""What ip prints of routes."""

from __future__ import annotations

from ipaddress import ip_address

from landiag.collect.routes import parse_routes
from landiag.model.facts import Family

REALMS = """[
 {"dst":"default","gateway":"192.168.77.1","dev":"eth0","flags":[],"flow":{"from":"3","to":"4"}},
 {"dst":"10.0.0.0/8","flags":[],"nexthops":[
  {"gateway":"192.168.77.2","dev":"eth0","weight":1,"flags":[],"flow":{"to":"5"}},
  {"gateway":"192.168.77.3","dev":"eth0","weight":1,"flags":[]}]}
]"""


def test_routes_may_have_realms() -> None:
    found = parse_routes(REALMS, Family.IPV4)
    assert [one.gateway for one in found] == [ip_address(f"192.168.77.{last}") for last in (1, 2, 3)]
