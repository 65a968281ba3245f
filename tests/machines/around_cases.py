"""Cases of Windows out of people's threads: hotspots, tethering, bridges, other makers' adapters and firewalls."""

from __future__ import annotations

import json
from collections.abc import Mapping
from ipaddress import ip_interface
from typing import Any

from tests.machines.case import Made
from tests.machines.exchanges import Synthetic
from tests.machines.windows import ADAPTERS, ALLOW, ROUTES4, ROUTES6, host, query_user, registry, state
from tests.machines.windows_network_cases import (
    BACKEND,
    MINE,
    RELAY,
    WIFI,
    WIFI_ROW,
    published,
    with_tunnel,
)

EVERYWHERE = {"x": ALLOW.replace("|Profile=Private", "")}
HEAD = "Network Destination        Netmask          Gateway       Interface  Metric\n"
HOTSPOT = (
    "Local Area Connection* 10",
    "Microsoft Wi-Fi Direct Virtual Adapter #2",
    "3E-52-82-AA-BB-CC",
    "192.168.137.1/24",
)
MODEM = ("Mobilfunk", "Quectel Generic Mobile Broadband Adapter", "02-50-F4-00-00-00", "10.121.3.4/29")
HOST_ONLY = ("Ethernet 2", "VirtualBox Host-Only Ethernet Adapter", "0A-00-27-00-00-08", "192.168.56.1/24")
HAMACHI = ("Hamachi", "LogMeIn Hamachi Virtual Ethernet Adapter", "7A-79-19-11-22-33", "25.17.34.51/8")
RNDIS = ("Ethernet 4", "Remote NDIS based Internet Sharing Device", "02-0C-29-11-22-33", "192.168.42.129/24")
IPHONE = ("Ethernet 5", "Apple Mobile Device Ethernet", "3A-F9-D3-11-22-33", "172.20.10.2/28")
BRIDGE = ("Network Bridge", "MAC Bridge Miniport", "3E-52-82-AA-BB-CD", "192.168.90.10/24")
Listed = tuple[str, str, str, str]


def beside(
    adapter: Listed,
    *,
    router: str | None = None,
    category: str | None = None,
    alone: bool = False,
    **changes: Any,
) -> Synthetic:
    """The laptop with one more adapter, its Wi-Fi off where that is ``alone``; no ``category``: no profile."""
    name, described, mac, written = adapter
    address = ip_interface(written)
    row = f" 21...{mac.replace('-', ' ').lower()} ......{described}\n"
    added = {
        "name": name,
        "up": True,
        "mtu": 1500,
        "mac": mac,
        "addresses": [[str(address.ip), str(address.netmask)]],
    }
    others = [
        {**one, "up": False, "addresses": []} if alone and one["name"] == "Wi-Fi" else one for one in ADAPTERS
    ]
    routes = ROUTES4.replace(WIFI_ROW, WIFI_ROW + row)
    if alone:
        routes = "".join(line for line in routes.splitlines(keepends=True) if "192.168.77." not in line)
    networks = [] if alone else [WIFI]
    if category is not None:
        networks.append({"alias": name, "index": 21, "network": "x", "category": category})
    return host(
        changes.pop("rules", MINE),
        windows_state=state(profiles=networks),
        texts={
            "adapters": json.dumps([added, *others]),
            "route-print-4": routes.replace(HEAD, HEAD + _routes_of(address, router)),
            "route-print-6": ROUTES6.replace(WIFI_ROW, WIFI_ROW + row),
        },
        **changes,
    )


def _routes_of(address: Any, router: str | None) -> str:
    """Its default route, the network on its link, its own address."""
    own, network = address.ip, address.network
    default = (
        "" if router is None else f"          0.0.0.0          0.0.0.0  {router:>15}  {own!s:>15}     25\n"
    )
    link = f"  {network.network_address!s:>15}  {network.netmask!s:>15}         On-link  {own!s:>15}    281\n"
    return f"{default}{link}  {own!s:>15}  255.255.255.255         On-link  {own!s:>15}    281\n"


def with_service(name: str) -> Synthetic:
    """The laptop on which one more service runs."""
    running = [{"name": "RpcSs", "pid": 1200}, {"name": "iphlpsvc", "pid": 3300}, {"name": name, "pid": 2211}]
    return host(MINE, windows_state=state(services=running))


def engine_blocked() -> Synthetic:
    """Docker Desktop's proxy, whose prompt was cancelled, beside a rule for the port."""
    program = r"c:\program files\docker\docker\resources\com.docker.backend.exe"
    made = published(BACKEND, ("::1", RELAY))
    rules = {**MINE, **dict([query_user("Block", 6, "Private", program)])}
    return Synthetic({**made.texts, "registry": registry(rules)})


CASES: Mapping[str, Made] = {
    "windows-clear-hotspot": Made(
        "the laptop's own hotspot alone, and a rule for every profile: phones are there",
        beside(HOTSPOT, alone=True, rules=EVERYWHERE), "clear",
    ),
    "windows-clear-hotspot-peer": Made(
        "a phone in the laptop's hotspot, beside a Wi-Fi", beside(HOTSPOT, rules=EVERYWHERE), "clear",
        peer="192.168.137.20",
    ),
    "windows-firewall-profile-hotspot": Made(
        "a phone in the laptop's hotspot, which has no profile, and the rule is for private networks", beside(HOTSPOT),
        "blocked", "firewall-profile", peer="192.168.137.20",
    ),
    "windows-clear-tethered-android": Made(
        "an Android phone by USB is the only network",
        beside(RNDIS, router="192.168.42.1", category="Private", alone=True), "clear",
    ),
    "windows-clear-tethered-iphone": Made(
        "an iPhone by USB is the only network",
        beside(IPHONE, router="172.20.10.1", category="Private", alone=True), "clear",
    ),
    "windows-clear-network-bridge": Made(
        "a network bridge has the LAN's address",
        beside(BRIDGE, router="192.168.90.1", category="Private", alone=True), "clear",
    ),
    "windows-clear-mobile-broadband": Made(
        "a modem has the preferred default route, the LAN is Wi-Fi: never the modem's address for clients",
        beside(MODEM, router="10.121.3.5", category="Public"), "clear",
    ),
    "windows-clear-host-only-beside": Made(
        "VirtualBox' host-only network beside the LAN: never its address for clients",
        beside(HOST_ONLY, category="Public"), "clear",
    ),
    "windows-clear-hamachi": Made(
        "Hamachi beside the LAN: never its address for clients", beside(HAMACHI, category="Public"), "clear"
    ),
    "windows-clear-tunnel-mullvad": Made(
        "Mullvad is connected: nothing that can be read stops clients, and its usual setting is told",
        with_tunnel("Mullvad", "Mullvad Tunnel"), "clear",
    ),
    "windows-other-firewall-service": Made(
        "TinyWall's service runs, which no list of registered firewalls has", with_service("TinyWall"),
        "undetermined", "other-firewall",
    ),
    "windows-other-firewall-portmaster": Made(
        "Portmaster's service runs", with_service("PortmasterCore"), "undetermined", "other-firewall"
    ),
    "windows-firewall-blocks-program-engine": Made(
        "Docker Desktop's prompt was cancelled: its proxy is blocked, whatever rule the port has", engine_blocked(),
        "blocked", "firewall-blocks-program",
    ),
    "windows-firewall-drops-other-vlan": Made(
        "the rule is for the local subnet, and the client is in another network behind the router",
        host({"x": ALLOW + "RA4=LocalSubnet|RA6=LocalSubnet|"}), "blocked", "firewall-drops", peer="192.168.88.20",
    ),
    "windows-clear-port-range": Made(
        "the rule is for a range of ports", host({"x": ALLOW.replace("LPort=5000", "LPort2_10=4990-5010")}), "clear"
    ),
    "windows-firewall-drops-cable-only": Made(
        "the rule is for cables, and the network is a Wi-Fi", host({"x": ALLOW + "IFType=Lan|"}), "blocked",
        "firewall-drops",
    ),
    "windows-firewall-drops-authenticated": Made(
        "the rule is for connections that IPsec authenticates", host({"x": ALLOW + "Security=Authenticate|"}),
        "blocked", "firewall-drops",
    ),
}  # fmt: skip
