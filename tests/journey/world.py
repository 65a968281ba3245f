"""A host made of facts: eth0 in 192.168.77.0/24 with a gateway, one server on port 5000; tests change one thing."""

from __future__ import annotations

from ipaddress import ip_address, ip_interface, ip_network
from typing import Any

from msgspec.structs import replace

from landiag.firewall.linux import parse_ruleset
from landiag.journey.journey import Journey, follow
from landiag.model.facts import Address, Family, Interface, Reading, ReadStatus, Socket
from landiag.model.host import Facts
from landiag.model.neighbour import Neighbour
from landiag.model.packet import Packet
from landiag.model.route import PolicyRule, Route
from landiag.model.ruleset import Ruleset

SERVER, CLIENT, GATEWAY = "192.168.77.10", "192.168.77.20", "192.168.77.1"
LAN = ip_network("192.168.77.0/24")
MAC = "02:00:00:00:00:0a"


def interface(name: str, *addresses: str, **more: Any) -> Interface:
    known = {"index": len(name), "kind": "ethernet", "up": True, "carrier": True, "mac": MAC, **more}
    scope = "host" if known["kind"] == "loopback" else "global"
    return Interface(name, addresses=tuple(Address(ip_interface(one), scope) for one in addresses), **known)


def route(destination: str, device: str | None, **more: Any) -> Route:
    gateway = more.pop("gateway", None)
    known = None if gateway is None else ip_address(gateway)
    return Route(ip_network(destination), device=device, gateway=known, **more)


def rule(priority: int, table: str | None, **more: Any) -> PolicyRule:
    return PolicyRule(priority, Family.IPV4, table=table, **more)


LO = interface("lo", "127.0.0.1/8", kind="loopback", mac=None)
ETH0 = interface("eth0", f"{SERVER}/24")
TUN0 = interface("tun0", "10.8.0.2/24", kind="tunnel")
LOCAL = (
    route("127.0.0.0/8", "lo", kind="local", table="local"),
    route(f"{SERVER}/32", "eth0", kind="local", table="local"),
)
ROUTES = (*LOCAL, route("192.168.77.0/24", "eth0"), route("0.0.0.0/0", "eth0", gateway=GATEWAY))
RULES = (rule(0, "local"), rule(32766, "main"), rule(32767, "default"))
LISTENER = Socket(ip_address("0.0.0.0"), 5000, pids=(17,), uid=1000)

BASE = Facts(
    os="linux",
    now=0.0,
    privileged=True,
    interfaces=(LO, ETH0),
    routes=ROUTES,
    policy_rules=RULES,
    neighbours=(),
    sockets=(LISTENER,),
    processes={},
    namespaces=(),
    sysctls={
        "net.ipv4.ip_forward": "1",
        **{f"net.ipv4.conf.{name}.rp_filter": "0" for name in ("all", "eth0", "eth1")},
    },
    ruleset=Ruleset(),
)


def host(**changed: Any) -> Facts:
    return replace(BASE, **changed)


def settings(**values: str) -> dict[str, str]:
    """Settings of eth0 (``rp_filter="1"``)."""
    return {**BASE.sysctls, **{f"net.ipv4.conf.eth0.{name}": value for name, value in values.items()}}


def neighbour(address: str, mac: str, *states: str, device: str = "eth0") -> Neighbour:
    return Neighbour(ip_address(address), device, mac, states)


def attempt(facts: Facts, client: str = CLIENT, to: str = SERVER, device: str = "eth0") -> Journey:
    packet = Packet(5000, source=ip_address(client), destination=ip_address(to), in_interface=device)
    journey = follow(facts, packet)
    assert isinstance(journey, Journey)
    return journey


def iptables(rules: str) -> Ruleset:
    """The rules of an iptables-save text."""
    reading = Reading("iptables-legacy-save", ReadStatus.OK, rules.encode())
    nothing = Reading("nft-ruleset", ReadStatus.NOT_LOADED)
    found = parse_ruleset({"iptables-legacy-save": reading, "nft-ruleset": nothing})
    assert not found.gaps
    return found


def input_rules(*rules: str, policy: str = "ACCEPT") -> Ruleset:
    lines = "\n".join(f"-A INPUT {one}" for one in rules)
    return iptables(
        f"*filter\n:INPUT {policy} [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n{lines}\nCOMMIT\n"
    )
