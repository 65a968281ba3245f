"""Cases that differ from others by one thing: whom a rule is for, who passes the port on, by which adapter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.machines.bsd import mac, netstat, pf
from tests.machines.bsd import process as mac_process
from tests.machines.case import Made
from tests.machines.exchanges import Synthetic
from tests.machines.hyperv_cases import mirrored, rule
from tests.machines.macos_network_cases import BRIDGED, BRIDGED_ROUTES
from tests.machines.threads_cases import without_server
from tests.machines.windows import ALLOW, LISTEN, host, process
from tests.machines.windows_network_cases import LAN, LOOPBACK, MINE, PODMAN, renamed, with_tunnel
from tests.machines.wsl_cases import PORT_RULE
from tests.machines.wsl_nat_cases import RIGHT, around, nat

BLOCK = "v2.31|Action=Block|Active=TRUE|Dir=In|"
ONE = {"x": f"{ALLOW}RA4=192.168.77.20|"}
BUT_ONE = {**PORT_RULE, "x": f"{BLOCK}Protocol=6|RA4=192.168.77.20|Name=Not that one|"}
SVCHOST = {**PORT_RULE, "x": rf"{BLOCK}Protocol=6|App=%SystemRoot%\System32\svchost.exe|Name=No services|"}
VIRTUALBOX = process(
    5100, r"C:\Program Files\Oracle\VirtualBox\VBoxHeadless.exe", ["VBoxHeadless.exe", "--startvm", "debian"]
)
VMWARE = process(5200, r"C:\Windows\SysWOW64\vmnat.exe", ["vmnat.exe"])
QEMU = process(5300, r"C:\Program Files\qemu\qemu-system-x86_64.exe",
               ["qemu-system-x86_64", "-nic", "user,hostfwd=tcp:127.0.0.1:5000-:5000"])  # fmt: skip
COLIMA = mac_process(901, "/usr/bin/ssh", ["ssh: /Users/anna/.colima/_lima/colima/ssh.sock [mux]"], "ssh")
PARALLELS = mac_process(
    903, "/Applications/Parallels Desktop.app/Contents/MacOS/prl_naptd", ["prl_naptd"], "prl_naptd"
)
NO_TCP = "".join(
    f"block drop quick proto {one} all\n" for one in ("carp", "pfsync", "ospf", "vrrp", "pim", "igmp")
)


def told(rules: Mapping[str, str], category: str = "Private") -> Synthetic:
    """A distribution behind a port proxy that is right, and rules of Windows."""
    return nat(RIGHT, windows=around(category), rules=rules)


def passed_on(who: Mapping[str, Any], address: str = "0.0.0.0") -> Synthetic:
    """The laptop on which another program takes the port for a machine of its own."""
    return host(MINE, listen=[{"address": address, "port": 5000, "pid": who["pid"]}], processes=[who])


def beside(who: Mapping[str, Any]) -> Synthetic:
    """The same, beside the server."""
    listen = [*LISTEN, {"address": "0.0.0.0", "port": 5000, "pid": who["pid"]}]
    return host(MINE, listen=listen, processes=[process(), who])


CASES: Mapping[str, Made] = {
    "wsl2-firewall-drops-nat-one-client": Made(
        "inside: the rule of Windows is for one client alone", told(ONE), "blocked", "firewall-drops"
    ),
    "wsl2-clear-nat-one-client": Made(
        "inside: the rule of Windows is for the very client", told(ONE), "clear", peer="192.168.77.20"
    ),
    "wsl2-clear-nat-but-one": Made("inside: a rule of Windows blocks one client alone", told(BUT_ONE), "clear"),
    "wsl2-firewall-drops-nat-that-one": Made(
        "inside: a rule of Windows blocks the very client", told(BUT_ONE), "blocked", "firewall-drops",
        peer="192.168.77.20",
    ),
    "wsl2-firewall-drops-nat-other-vlan": Made(
        "inside: the rule is for Windows' local subnet, and the client is behind a router",
        told({"x": f"{ALLOW}RA4=LocalSubnet|RA6=LocalSubnet|"}), "blocked", "firewall-drops", peer="192.168.88.20",
    ),
    "wsl2-firewall-blocks-program-nat-svchost": Made(
        "inside: a rule of Windows blocks the program that runs its services, the port proxy among them", told(SVCHOST),
        "blocked", "firewall-blocks-program",
    ),
    "wsl2-clear-nat-public": Made(
        "inside: Windows' network is public, and the rule is for public networks",
        told({"x": ALLOW.replace("Private", "Public")}, "Public"), "clear",
    ),
    "wsl2-firewall-drops-nat-udp": Made(
        "inside: the rule of Windows is for UDP", told({"x": ALLOW.replace("Protocol=6", "Protocol=17")}), "blocked",
        "firewall-drops",
    ),
    "wsl2-nothing-listening-nat": Made(
        "inside: the port proxy and the rule are right, and nothing listens", without_server(told(PORT_RULE)),
        "blocked", "nothing-listening",
    ),
    "wsl2-bound-to-loopback-nat-ipv6": Made(
        "inside: the port proxy leads to the distribution's address, and the server listens on ::1",
        nat(RIGHT, windows=around(), rules=PORT_RULE, listen="[::1]"), "blocked", "bound-to-loopback",
    ),
    "wsl2-firewall-drops-mirrored-one-client": Made(
        "inside: the rule of the Hyper-V firewall is for one client alone", mirrored(rule(remote=["192.168.77.20"])),
        "blocked", "firewall-drops",
    ),
    "wsl2-firewall-drops-mirrored-ipv6": Made(
        "inside: the rule of the Hyper-V firewall is for clients by IPv6", mirrored(rule(remote=["fe80::/10"])),
        "blocked", "firewall-drops",
    ),
    "wsl2-clear-mirrored-local-subnet": Made(
        "inside: the rule of the Hyper-V firewall is for the local subnet", mirrored(rule(remote=["LocalSubnet"])),
        "clear",
    ),
    "windows-clear-tunnel-zerotier": Made(
        "ZeroTier, whose adapter has a hardware address, beside the LAN: never its address for clients",
        with_tunnel("ZeroTier One [a09acf0233]", "ZeroTier Virtual Port", "1E-AA-BB-CC-DD-01", full=False), "clear",
    ),
    "windows-clear-tunnel-fortinet": Made(
        "FortiClient, whose adapter is called as a card is, beside the LAN: never its address for clients",
        with_tunnel("Ethernet 3", "Fortinet SSL VPN Virtual Ethernet Adapter", "00-09-0F-AA-00-01", full=False),
        "clear",
    ),
    "windows-clear-card-with-a-tunnels-name": Made(
        "a card that its owner has called after a VPN and a loopback: its description tells what it is",
        renamed([{**LAN, "name": "VPN loopback"}, LOOPBACK], "Intel(R) Ethernet Connection (7) I219-V"), "clear",
    ),
    "windows-firewall-drops-that-one": Made(
        "a rule blocks the very client, whatever port", host({**MINE, "x": BUT_ONE["x"]}), "blocked", "firewall-drops",
        peer="192.168.77.20",
    ),
    "windows-firewall-unreadable-variable": Made(
        "the rule names the program by a variable that each user has", host({
            "x": ALLOW.replace("LPort=5000", r"App=%LOCALAPPDATA%\Programs\Python\Python312\python.exe")}),
        "undetermined", "firewall-unreadable",
    ),
    "windows-clear-relay-gvproxy": Made("Podman machine publishes the port", passed_on(PODMAN), "clear"),
    "windows-published-on-loopback-podman": Made(
        "Podman machine publishes the port on 127.0.0.1", passed_on(PODMAN, "127.0.0.1"), "blocked",
        "published-on-loopback",
    ),
    "windows-clear-relay-virtualbox": Made("VirtualBox forwards the port", passed_on(VIRTUALBOX), "clear"),
    "windows-bound-to-loopback-virtualbox": Made(
        "VirtualBox forwards the port of 127.0.0.1 alone: its rule is to change", passed_on(VIRTUALBOX, "127.0.0.1"),
        "blocked", "bound-to-loopback",
    ),
    "windows-bound-to-loopback-qemu": Made(
        "QEMU forwards the port of 127.0.0.1 alone", passed_on(QEMU, "127.0.0.1"), "blocked", "bound-to-loopback"
    ),
    "windows-port-taken-virtualbox": Made(
        "VirtualBox forwards the port beside the server: nobody ends a virtual machine by its process",
        beside(VIRTUALBOX), "blocked", "port-taken",
    ),
    "windows-port-taken-vmware": Made(
        "VMware's NAT forwards the port beside the server", beside(VMWARE), "blocked", "port-taken"
    ),
    "macos-published-on-loopback-colima": Made(
        "Colima publishes the port on 127.0.0.1, by a connection of ssh that has overwritten its command line",
        mac(listeners=netstat(("127.0.0.1.5000", 901)), processes=[COLIMA]), "blocked", "published-on-loopback",
    ),
    "macos-bound-to-loopback-parallels": Made(
        "Parallels forwards the port of 127.0.0.1 alone",
        mac(listeners=netstat(("127.0.0.1.5000", 903)), processes=[PARALLELS]), "blocked", "bound-to-loopback",
    ),
    "macos-clear-thunderbolt-bridge": Made(
        "the Thunderbolt bridge has the LAN's address and the default route",
        mac(texts={"ifconfig": BRIDGED.replace("bridge100", "bridge0"),
                   "netstat-routes": BRIDGED_ROUTES.replace("bridge100", "bridge0")}), "clear",
    ),
    "macos-clear-other-protocols": Made(
        "pf blocks protocols that are not TCP", mac(texts=pf(f"{NO_TCP}pass all flags S/SA\n"), root=True), "clear"
    ),
}  # fmt: skip
