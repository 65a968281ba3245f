"""The cases of macOS around its firewalls: services of launchd, rules that a VPN loaded, extensions, tunnels."""

from __future__ import annotations

from collections.abc import Mapping

from tests.machines.bsd import (
    ALF_ON,
    IFCONFIG,
    MAC_RULES,
    PYTHON_APP,
    ROUTES,
    alf,
    bsd,
    mac,
    netstat,
    pf,
    process,
)
from tests.machines.case import Made

LAUNCHD = process(1, "/sbin/launchd", ["/sbin/launchd"], "launchd")
HELD = netstat(("*.22", 1), ("*.631", 1), ("*.5901", 1))
SESSION, WRAPPER = "/usr/libexec/sshd-session", "/usr/libexec/sshd-keygen-wrapper"
BANNER = (
    "extension(s)\n--- com.apple.system_extension.network_extension (Go to 'System Settings > General')\n"
)
COLUMNS = "enabled\tactive\tteamID\tbundleID (version)\tname\t[state]\n"


def extensions(*rows: tuple[str, str, str]) -> dict[str, str]:
    """`systemextensionsctl list`: identifier, name and state of each."""
    lines = "".join(f"*\t*\tABCDE12345\t{one} (1.2/34)\t{name}\t[{state}]\n" for one, name, state in rows)
    return {"system-extensions": f"{len(rows)} {BANNER}{COLUMNS}{lines}"}


KILL_SWITCH = (
    "block drop in all\nblock drop out all\npass quick on lo0 all flags S/SA keep state\n"
    "pass quick on utun4 all flags S/SA keep state\n"
    "pass out quick on en0 inet proto udp from any to 198.51.100.7 keep state\n"
)
BESIDE = f"{MAC_RULES}block drop in proto tcp from any to any port = 5000\n"
CONF = (
    "set block-policy drop\nblock in all\npass in proto tcp from any to any port { 22, 80 }\npass out all\n"
)
LOADED = (
    "block drop in all\npass in proto tcp from any to any port = ssh flags S/SA keep state\n"
    "pass in proto tcp from any to any port = http flags S/SA keep state\npass out all flags S/SA keep state\n"
)
BRIDGED = IFCONFIG.replace("\tinet 192.168.77.10 netmask 0xffffff00 broadcast 192.168.77.255\n", "").replace(
    "\tinet 192.168.64.1 netmask 0xffffff00 broadcast 192.168.64.255\n",
    "\tinet 192.168.77.10 netmask 0xffffff00 broadcast 192.168.77.255\n\tmember: en0 flags=3<LEARNING,DISCOVER>\n",
)
BRIDGED_ROUTES = ROUTES.replace("                 en0", "           bridge100").replace(
    "192.168.64         link#20            UC              bridge100      !\n", ""
)
MACHINES = IFCONFIG.replace("\tinet 192.168.77.10 netmask 0xffffff00 broadcast 192.168.77.255\n", "").replace(
    "broadcast 192.168.64.255\n", "broadcast 192.168.64.255\n\tmember: vmenet0 flags=3<LEARNING,DISCOVER>\n"
)
LEAVES = "default            192.168.77.1       UGScg                 en0\n"
TUNNEL = f"{IFCONFIG}gpd0: flags=8051<UP,POINTOPOINT,RUNNING,MULTICAST> mtu 1400\n" + (
    "\tinet 10.66.0.5 --> 10.66.0.5 netmask 0xffffffff\n"
)
ORB = process(903, "/Applications/OrbStack.app/Contents/Frameworks/OrbStack Helper.app/Contents/MacOS/OrbStack Helper",
              ["OrbStack Helper", "vmgr"], "OrbStack Helper")  # fmt: skip

CASES: Mapping[str, Made] = {
    "macos-firewall-blocks-program-launchd": Made(
        "launchd holds the socket of SSH, and the entry for sshd-session blocks, as macOS 26 prints it",
        mac(listeners=HELD, processes=[LAUNCHD], http="silent",
            texts=alf(ALF_ON, (SESSION, False), (WRAPPER, True), new=True)), "blocked",
        "firewall-blocks-program", port=22,
    ),
    "macos-firewall-blocks-program-launchd-old": Made(
        "launchd holds the socket of SSH, and the entry for its wrapper blocks",
        mac(listeners=HELD, processes=[LAUNCHD], http="silent", texts=alf(ALF_ON, (WRAPPER, False))), "blocked",
        "firewall-blocks-program", port=22,
    ),
    "macos-clear-launchd": Made(
        "launchd holds the socket of CUPS, and no entry is against it",
        mac(listeners=HELD, processes=[LAUNCHD], texts=alf(ALF_ON, (PYTHON_APP, False)), server="CUPS/2.3 IPP/2.1"),
        "clear", port=631,
    ),
    "macos-firewall-unreadable-launchd": Made(
        "launchd holds a socket, and which program it starts is not known",
        mac(listeners=HELD, processes=[LAUNCHD], http="silent", texts=alf(ALF_ON, (PYTHON_APP, False))),
        "undetermined", "firewall-unreadable", port=5901,
    ),
    "macos-firewall-drops-loaded-by-others": Made(
        "a VPN loaded rules of its own, without Apple's anchors", mac(texts=pf(KILL_SWITCH), root=True), "blocked",
        "firewall-drops",
    ),
    "macos-firewall-drops-with-anchors": Made(
        "a rule behind Apple's anchors drops the port: an anchor comes before it",
        mac(texts=pf(BESIDE, anchors={"com.apple/200.AirDrop": ""}), root=True), "blocked", "firewall-drops",
    ),
    "macos-firewall-drops-empty-anchors": Made(
        "a rule drops the port, and the anchors that come after it are listed without rules",
        mac(texts=pf(f"{BESIDE}anchor \"vpn/*\" all\n", anchors={"com.apple": "", "vpn": ""}), root=True), "blocked",
        "firewall-drops",
    ),
    "macos-clear-empty-anchors": Made(
        "pf is on, and asks anchors that are listed without rules",
        mac(texts=pf(f"{MAC_RULES}anchor \"vpn/*\" all\n", anchors={"com.apple": "", "vpn": ""}), root=True), "clear",
    ),
    "macos-firewall-unreadable-anchor": Made(
        "pf is on, and asks an anchor that the list does not show",
        mac(texts=pf(f"{MAC_RULES}anchor \"vpn/*\" all\n", anchors={"com.apple": ""}), root=True), "undetermined",
        "firewall-unreadable",
    ),
    "macos-firewall-drops-own-configuration": Made(
        "the rules that are loaded are those of /etc/pf.conf",
        mac(texts={**pf(LOADED), "file:/etc/pf.conf": CONF}, root=True), "blocked", "firewall-drops",
    ),
    "freebsd-firewall-drops-own-configuration": Made(
        "FreeBSD: the rules that are loaded are those of /etc/pf.conf",
        bsd(texts={**pf(LOADED), "file:/etc/pf.conf": CONF}), "blocked", "firewall-drops",
    ),
    "macos-other-firewall-unknown": Made(
        "a network extension that nobody knows is active",
        mac(texts=extensions(("com.example.guardian.ext", "Guardian", "activated enabled"))), "undetermined",
        "other-firewall",
    ),
    "macos-other-firewall-security": Made(
        "a security product filters connections",
        mac(texts=extensions(("com.crowdstrike.falcon.Agent", "Falcon", "activated enabled"))), "undetermined",
        "other-firewall",
    ),
    "macos-clear-extension-vpn": Made(
        "a VPN's extension carries packets, another waits for its user",
        mac(texts=extensions(("io.tailscale.ipn.macsys.network-extension", "Tailscale Network Extension",
            "activated enabled"), ("at.obdev.littlesnitch.networkextension", "Little Snitch",
            "activated waiting for user"))), "clear",
    ),
    "macos-clear-bridge": Made(
        "a bridge has the LAN's address and the default route", mac(texts={"ifconfig": BRIDGED,
            "netstat-routes": BRIDGED_ROUTES}), "clear",
    ),
    "macos-no-lan-address-machines": Made(
        "no address but that of the bridge to this Mac's own virtual machines",
        mac(texts={"ifconfig": MACHINES, "netstat-routes": ROUTES.replace(LEAVES, "")}), "blocked", "no-lan-address",
    ),
    "macos-clear-sharing-alone": Made(
        "no address but that of the bridge by which this Mac shares its connection: clients are there",
        mac(texts={"ifconfig": MACHINES.replace("vmenet0", "ap1"), "netstat-routes": ROUTES.replace(LEAVES, "")}),
        "clear",
    ),
    "macos-clear-tunnel": Made(
        "GlobalProtect's tunnel beside the LAN: never the address for clients",
        mac(texts={"ifconfig": TUNNEL}), "clear",
    ),
    "macos-clear-relay-orbstack": Made(
        "OrbStack publishes the port", mac(listeners=netstat(("*.5000", 903)), processes=[ORB],
            texts=alf(ALF_ON, ("/Applications/OrbStack.app", True))), "clear",
    ),
}  # fmt: skip
