"""The cases of Windows' network around its firewall: tunnels, virtual switches, guests, relays of container engines."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from tests.machines.case import Made
from tests.machines.exchanges import Synthetic
from tests.machines.windows import (
    ADAPTERS,
    ALLOW,
    GPO,
    LISTEN,
    PID,
    POLICY,
    ROUTES4,
    ROUTES6,
    host,
    process,
    query_user,
    state,
)

MINE = {"{F0E1D2C3-0000-4000-8000-000000000001}": ALLOW}
WIFI_ROW = " 12...3c 52 82 aa bb cc ......Intel(R) Wi-Fi 6 AX201 160MHz\n"
DEFAULT = "          0.0.0.0          0.0.0.0     192.168.77.1    192.168.77.10     35\n"
THROUGH = "          0.0.0.0          0.0.0.0         On-link        10.66.0.5      4\n"
WIFI = {"alias": "Wi-Fi", "index": 12, "network": "Heimnetz 7", "category": "Private"}
NETSTAT = f"""
Active Connections

  Proto  Local Address          Foreign Address        State           PID
  TCP    0.0.0.0:135            0.0.0.0:0              LISTENING       1200
  TCP    0.0.0.0:5000           0.0.0.0:0              LISTENING       {PID}
"""


def adapter(name: str, address: str, mac: str | None = None) -> dict[str, Any]:
    """One more adapter, as psutil lists it."""
    return {"name": name, "up": True, "mtu": 1400, "mac": mac, "addresses": [[address, "255.255.255.0"]]}


def with_tunnel(
    name: str, described: str, mac: str | None = None, *, full: bool = True, profiled: bool = True
) -> Synthetic:
    """The laptop with a tunnel that has an address, in full tunnel mode a default route too."""
    listed = f" 61...{mac.replace('-', ' ').lower() + ' ......' if mac else '.' * 27}{described}\n"
    row = adapter(name, "10.66.0.5", mac)
    networks = (
        [WIFI, {"alias": name, "index": 61, "network": "work", "category": "Private"}] if profiled else [WIFI]
    )
    return host(
        MINE,
        windows_state=state(profiles=networks),
        texts={
            "adapters": json.dumps([row, *ADAPTERS]),
            "route-print-4": ROUTES4.replace(WIFI_ROW, WIFI_ROW + listed).replace(
                DEFAULT, DEFAULT + (THROUGH if full else "")
            ),
            "route-print-6": ROUTES6.replace(WIFI_ROW, WIFI_ROW + listed),
        },
    )


def over_the_lan(made: Synthetic) -> Synthetic:
    """The same with routes by the tunnel that cover the LAN, each half of it by one."""
    halves = "".join(
        f"     192.168.77.{first}  255.255.255.128         On-link         10.66.0.5      5\n"
        for first in (0, 128)
    )
    lan = "     192.168.77.0    255.255.255.0"
    routes = str(made.texts["route-print-4"]).replace(lan, halves + lan)
    return replace(made, texts={**made.texts, "route-print-4": routes})


def renamed(adapters: Sequence[Mapping[str, Any]], described: str, routes: str = ROUTES4) -> Synthetic:
    """A machine whose LAN adapter has another name and description; only that one has a profile."""
    name = next(
        str(one["name"]) for one in adapters if any("192.168.77.10" in pair for pair in one["addresses"])
    )
    shown = routes.replace("Intel(R) Wi-Fi 6 AX201 160MHz", described)
    return host(
        MINE,
        windows_state=state(profiles=[{**WIFI, "alias": name}]),
        texts={"adapters": json.dumps(adapters), "route-print-4": shown},
    )


LAN = next(one for one in ADAPTERS if one["name"] == "Wi-Fi")
LOOPBACK = next(one for one in ADAPTERS if one["name"].startswith("Loopback"))
SWITCH = [
    {**LAN, "name": "vEthernet (Bridge to the house)"},
    *[one for one in ADAPTERS if one["name"] != "Wi-Fi"],
]
UPLINK = [*SWITCH, {**LAN, "name": "Ethernet 3", "addresses": []}]
GUEST = [{**LAN, "name": "Ethernet0"}, LOOPBACK]
VMNET8 = "VMware Virtual Ethernet Adapter for VMnet8"
NO_GATEWAY = ROUTES4.replace(DEFAULT, "")

BACKEND = process(
    4500, r"C:\Program Files\Docker\Docker\resources\com.docker.backend.exe", ["com.docker.backend.exe"]
)
RELAY = process(2700, r"C:\Program Files\WSL\wslrelay.exe", ["wslrelay.exe", "--mode", "2"])
RANCHER = process(4600, r"C:\Program Files\Rancher Desktop\resources\win32\internal\host-switch.exe",
                  ["host-switch.exe"])  # fmt: skip
PODMAN = process(4700, r"C:\Program Files\RedHat\Podman\gvproxy.exe", ["gvproxy.exe"])


def published(proxy: Mapping[str, Any], *relays: tuple[str, Mapping[str, Any]]) -> Synthetic:
    """A container engine's proxy on all addresses, with relays on loopback beside it."""
    pid = proxy["pid"]
    listen = [{"address": one, "port": 5000, "pid": pid} for one in ("0.0.0.0", "::")]
    listen += [{"address": address, "port": 5000, "pid": one["pid"]} for address, one in relays]
    return host(MINE, listen=listen, processes=[proxy, *(one for _, one in relays)])


ALLOWED = dict([query_user("Allow", 6, "Private")])
LEGACY = rf"{GPO}\StandardProfile"
OLD_PORT = {rf"{LEGACY}\GloballyOpenPorts\List": {"5000:TCP": "5000:TCP:LocalSubnet:Enabled:My server"}}
OLD_PROGRAM = {
    rf"{LEGACY}\AuthorizedApplications\List": {process()["exe"]: f"{process()['exe']}:*:Enabled:Python"}
}

CASES: Mapping[str, Made] = {
    "windows-clear-tunnel-dco": Made(
        "OpenVPN's DCO adapter, with a name of its user's: the LAN's address is the one for clients",
        with_tunnel("Zentrale", "OpenVPN Data Channel Offload"), "clear",
    ),
    "windows-clear-tunnel-cisco": Made(
        "Cisco Secure Client's adapter has a MAC and the name of a card: its description tells",
        with_tunnel("Ethernet 5", "Cisco Secure Client Virtual Miniport Adapter for Windows x64", "00-05-9A-3C-7A-00"),
        "clear",
    ),
    "windows-clear-tunnel-globalprotect": Made(
        "GlobalProtect, without a profile of its own",
        with_tunnel("Ethernet 6", "PANGP Virtual Ethernet Adapter Secure", "02-50-41-00-00-01", profiled=False),
        "clear",
    ),
    "windows-clear-tunnel-nobody-knows": Made(
        "a tunnel of a maker that no table has: it has no MAC, so that it is no card",
        with_tunnel("uplink", "Frobnitz L3 Link", profiled=False), "clear",
    ),
    "windows-clear-tunnel-no-router": Made(
        "an adapter that looks like a card in every way: its default route leads to no router",
        with_tunnel("Ethernet 9", "Frobnitz Link Adapter", "02-1A-2B-3C-4D-5E"), "clear",
    ),
    "windows-vpn-takes-replies-sophos": Made(
        "Sophos Connect's adapter, by its name and its driver's MAC, has routes for the LAN",
        over_the_lan(with_tunnel("Ethernet 7", "Sophos Connect Adapter", "00-FF-20-11-22-33", full=False)),
        "blocked", "vpn-takes-replies",
    ),
    "windows-vpn-takes-replies-tap": Made(
        "the same of a maker that no table has: its MAC is one of the TAP driver's",
        over_the_lan(with_tunnel("Ethernet 9", "Frobnitz Link Adapter", "00-FF-1A-2B-3C-4D", full=False)),
        "blocked", "vpn-takes-replies",
    ),
    "windows-clear-tunnel-dial-up": Made(
        "an L2TP connection of Windows, listed by its own name", with_tunnel("Firma", "Firma"), "clear"
    ),
    "windows-clear-tunnel-split": Made(
        "Tailscale beside the LAN, without a default route", with_tunnel("Tailscale", "Tailscale Tunnel", full=False),
        "clear",
    ),
    "windows-clear-external-switch": Made(
        "an external switch of Hyper-V has the LAN's address and its card's MAC",
        renamed(UPLINK, "Hyper-V Virtual Ethernet Adapter #3"), "clear",
    ),
    "windows-clear-external-switch-no-gateway": Made(
        "the same in a network without a gateway", renamed(UPLINK, "Hyper-V Virtual Ethernet Adapter #3", NO_GATEWAY),
        "clear",
    ),
    "windows-clear-guest-hyperv": Made(
        "a guest of Hyper-V or Azure: its only card", renamed(GUEST, "Microsoft Hyper-V Network Adapter #2"), "clear"
    ),
    "windows-clear-guest-vmware": Made(
        "a guest of VMware", renamed(GUEST, "vmxnet3 Ethernet Adapter"), "clear"
    ),
    "windows-clear-guest-virtio-no-gateway": Made(
        "a guest of KVM in a network without a gateway",
        renamed(GUEST, "Red Hat VirtIO Ethernet Adapter", NO_GATEWAY), "clear",
    ),
    "windows-no-lan-address-host-only": Made(
        "nothing but the networks of virtual machines",
        renamed([{**LAN, "name": "VMware Network Adapter VMnet8"}, LOOPBACK], VMNET8,
                NO_GATEWAY), "blocked", "no-lan-address",
    ),
    "windows-no-lan-address-dhcp": Made(
        "Wi-Fi is joined and got no address, the cable is out: an address is missing, not a link",
        host(MINE, texts={"adapters": json.dumps([{**LAN, "addresses": [["169.254.10.20", "255.255.0.0"]]},
                                                  *ADAPTERS[1:]])}), "blocked", "no-lan-address",
    ),
    "windows-firewall-profile-no-network": Made(
        "a guest's only card has no network profile, so that it is public",
        host(MINE, windows_state=state(profiles=[{**WIFI, "alias": "Ethernet"}])), "blocked", "firewall-profile",
    ),
    "windows-clear-relay-docker": Made(
        "Docker Desktop's proxy, and WSL's relays of localhost beside it",
        published(BACKEND, ("127.0.0.1", RELAY), ("::1", RELAY)), "clear",
    ),
    "windows-clear-relay-rancher": Made(
        "Rancher Desktop's proxy, and WSL's relay beside it", published(RANCHER, ("::1", RELAY)), "clear"
    ),
    "windows-port-taken-two-engines": Made(
        "Docker Desktop and Podman machine publish the same port: containers are stopped, no relay is ended",
        published(BACKEND, ("0.0.0.0", PODMAN)), "blocked", "port-taken",
    ),
    "windows-port-taken-relay-beside-server": Made(
        "a server of Windows on all addresses, and one inside WSL2 on localhost",
        host(MINE, listen=[*LISTEN, {"address": "127.0.0.1", "port": 5000, "pid": 2700}], processes=[process(), RELAY]),
        "blocked", "port-taken",
    ),
    "windows-published-on-loopback": Made(
        "Podman machine publishes the port on 127.0.0.1",
        host(MINE, listen=[{"address": "127.0.0.1", "port": 5000, "pid": 4700}], processes=[PODMAN], http="refused"),
        "blocked", "published-on-loopback",
    ),
    "windows-clear-netstat-owners": Made(
        "the list of sockets is refused, netstat tells the processes, and a rule is for the program",
        host(ALLOWED, denied={"listeners": "access is denied"}, texts={"netstat": NETSTAT,
             "netstat6": "  TCP  [::]:445  [::]:0  LISTENING  4\n",
             f"processes pids=4,1200,{PID}": json.dumps([process()])}), "clear",
    ),
    "windows-firewall-unreadable-old-policy-port": Made(
        "a Group Policy of before Vista opens the port: whether Windows goes by it nobody knows",
        host(stored=OLD_PORT), "undetermined", "firewall-unreadable",
    ),
    "windows-firewall-unreadable-old-policy-program": Made(
        "a Group Policy of before Vista allows the program", host(stored=OLD_PROGRAM), "undetermined",
        "firewall-unreadable",
    ),
    "windows-firewall-unreadable-old-policy-off": Made(
        "a Group Policy of before Vista switches the firewall off", host(settings=[(LEGACY, "EnableFirewall", 0)]),
        "undetermined", "firewall-unreadable",
    ),
    "windows-clear-old-policy": Made(
        "a Group Policy of before Vista switches the firewall on, and a rule opens the port",
        host(MINE, settings=[(LEGACY, "EnableFirewall", 1)]), "clear",
    ),
    "windows-firewall-drops-old-keys": Made(
        "the same old keys of this computer, which Windows has not read since Vista",
        host(stored={rf"{POLICY}\StandardProfile\GloballyOpenPorts\List": {"5000:TCP": "5000:TCP:*:Enabled:x"}}),
        "blocked", "firewall-drops",
    ),
}  # fmt: skip
