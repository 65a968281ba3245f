"""Cases out of people's threads that were judged wrongly once: families of keywords, groups of pf, who has the port."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from tests.machines.bsd import FREEBSD_IFCONFIG, bsd, pf
from tests.machines.case import Made
from tests.machines.exchanges import Synthetic
from tests.machines.windows import ALLOW, GPO, host, state
from tests.machines.wsl_cases import PORT_RULE, inside
from tests.machines.wsl_nat_cases import RIGHT, around, nat
from tests.machines.wsl_proxies_cases import in_wsl1

SUBNET4, SUBNET6 = f"{ALLOW}RA4=LocalSubnet|", f"{ALLOW}RA6=LocalSubnet|"
ROOTFS = (
    r"C:\Users\anna\AppData\Local\Packages\CanonicalGroupLimited.Ubuntu_79rhkp1fndgsc\LocalState\rootfs"
    r"\usr\bin\python3.12"
)
OF_ROOTFS = f"v2.31|Action=Allow|Active=TRUE|Dir=In|Protocol=6|Profile=Private|App={ROOTFS}|Name=python3.12|"
EGRESS = FREEBSD_IFCONFIG.replace("\tstatus: active\n", "\tgroups: egress\n\tstatus: active\n")
ON_EGRESS = (
    "block return all\npass out all flags S/SA\n"
    "pass in on egress inet proto tcp to any port = 5000 flags S/SA\n"
)
OFF_EGRESS = "pass all flags S/SA\nblock drop in on ! egress proto tcp from any to any port = 5000\n"


def openbsd(rules: str, ifconfig: str = EGRESS, **changes: Any) -> Synthetic:
    """OpenBSD, whose interface with the default route is in the group egress."""
    return bsd("openbsd7", texts={**pf(rules, **changes), "ifconfig": ifconfig})


SLIRP = {"192.168.77.10": "10.0.2.15", "192.168.77.1": "10.0.2.2", "192.168.77.": "10.0.2."}
"""The home network as a virtual machine behind its host's NAT sees it."""


def behind_nat(made: Synthetic, mac: str, real: str) -> Synthetic:
    """The same machine inside a virtual one; its gateway answers by another hardware address."""

    def moved(text: str) -> str:
        for old, new in SLIRP.items():
            text = text.replace(old, new)
        return text.replace(real, mac)

    texts = {name: moved(text) if isinstance(text, str) else text for name, text in made.texts.items()}
    return replace(made, texts=texts)


def listening(address: str, process: str, port: int = 5000) -> str:
    """What Windows tells of itself, with one more program that listens."""
    others = [{"address": "0.0.0.0", "port": 135, "process": "svchost"}]
    return around(listeners=[*others, {"address": address, "port": port, "process": process}])


def without_server(made: Synthetic) -> Synthetic:
    """The same distribution, in which nothing listens on the port."""
    texts = dict(made.texts)
    shown = texts["ss-listeners"]
    lines = (shown if isinstance(shown, str) else shown.decode()).splitlines(keepends=True)
    texts["ss-listeners"] = "".join(line for line in lines if ":5000" not in line)
    return replace(made, texts=texts)


DOCKER = "com.docker.backend"

CASES: Mapping[str, Made] = {
    "windows-firewall-drops-local-subnet6": Made(
        "the rule is for the local subnet by IPv6 alone, and clients come by IPv4", host({"x": SUBNET6}), "blocked",
        "firewall-drops",
    ),
    "windows-firewall-drops-shields-up-policy": Made(
        "Group Policy blocks all incoming connections: no switch of this computer helps",
        host(PORT_RULE, settings=[(rf"{GPO}\PrivateProfile", "DoNotAllowExceptions", 1)]), "blocked", "firewall-drops",
    ),
    "windows-firewall-profile-domain": Made(
        "the rule is for private networks, and the network is the domain's",
        host(PORT_RULE, windows_state=state("DomainAuthenticated")), "blocked", "firewall-profile",
    ),
    "windows-firewall-unreadable-owner": Made(
        "the rule is for the programs of one user alone", host({"x": f"{ALLOW}LUOwn=S-1-5-21-1-2-3-1001|"}),
        "undetermined", "firewall-unreadable",
    ),
    "windows-clear-local-subnet4": Made(
        "the rule is for the local subnet by IPv4 alone", host({"x": SUBNET4}), "clear"
    ),
    "wsl2-firewall-drops-nat-local-subnet6": Made(
        "inside: the rule is for the local subnet by IPv6 alone, and clients come by IPv4",
        nat(RIGHT, windows=around(), rules={"x": SUBNET6}), "blocked", "firewall-drops",
    ),
    "openbsd-clear-egress": Made("the rule is for the group of the default route", openbsd(ON_EGRESS), "clear"),
    "openbsd-clear-not-egress": Made(
        "what is blocked is what comes in elsewhere than in the group of the default route", openbsd(OFF_EGRESS),
        "clear",
    ),
    "openbsd-firewall-drops-group": Made(
        "a group of interfaces is blocked, and the one that clients use is in it",
        openbsd("pass all flags S/SA\nblock drop in on guests all\n", EGRESS.replace("egress", "egress guests")),
        "blocked", "firewall-drops",
    ),
    "openbsd-firewall-unreadable-group": Made(
        "the rule is for a group that no interface lists", openbsd(ON_EGRESS, FREEBSD_IFCONFIG), "undetermined",
        "firewall-unreadable",
    ),
    "wsl2-port-not-forwarded-none": Made(
        "inside: networkingMode=none, and an address that WSL did not give",
        inside("none", windows=around(), rules=PORT_RULE), "undetermined", "port-not-forwarded",
    ),
    "wsl2-port-not-forwarded-docker": Made(
        "inside: no port proxy, and Docker Desktop's proxy has the port on all addresses of Windows",
        inside("nat", proxy="\n", windows=listening("0.0.0.0", DOCKER), rules=PORT_RULE), "undetermined",
        "port-not-forwarded",
    ),
    "wsl2-port-not-forwarded-docker-alone": Made(
        "inside: the same, and nothing listens in the distribution",
        without_server(inside("nat", proxy="\n", windows=listening("::", DOCKER), rules=PORT_RULE)), "undetermined",
        "port-not-forwarded",
    ),
    "wsl2-port-not-forwarded-relay-inside": Made(
        "inside: no port proxy, and WSL's relay has the port on localhost of Windows",
        inside("nat", proxy="\n", windows=listening("127.0.0.1", "wslrelay"), rules=PORT_RULE), "blocked",
        "port-not-forwarded",
    ),
    "wsl2-port-not-forwarded-alone-on-windows": Made(
        "inside: the port proxy is right, and a program of Windows listens on the LAN's address itself",
        nat(RIGHT, windows=listening("192.168.77.10", "node"), rules=PORT_RULE), "undetermined",
        "port-not-forwarded",
    ),
    "wsl2-clear-nat-svchost": Made(
        "inside: the port proxy is right, and the IP Helper service listens for it",
        nat(RIGHT, windows=listening("0.0.0.0", "svchost"), rules=PORT_RULE), "clear",
    ),
    "windows-port-not-forwarded-virtualbox": Made(
        "a virtual machine behind VirtualBox' NAT, and a rule that opens the port",
        behind_nat(host(PORT_RULE), "52-54-00-12-35-02", "9c-c7-a6-01-02-03"), "undetermined", "port-not-forwarded",
    ),
    "windows-firewall-drops-virtualbox": Made(
        "a virtual machine behind VirtualBox' NAT, and no rule opens the port: the host's connections are dropped, too",
        behind_nat(host(), "52-54-00-12-35-02", "9c-c7-a6-01-02-03"), "blocked", "firewall-drops",
    ),
    "freebsd-port-not-forwarded-qemu": Made(
        "a virtual machine of QEMU with its own NAT",
        behind_nat(bsd(texts=pf("pass all flags S/SA\n")), "52:55:0a:00:02:02", "9c:c7:a6:01:02:03"), "undetermined",
        "port-not-forwarded",
    ),
    "freebsd-clear-qemu-bridge": Made(
        "a virtual machine of QEMU on a bridge of its host: the gateway is a router",
        behind_nat(bsd(texts=pf("pass all flags S/SA\n")), "9c:c7:a6:01:02:03", "9c:c7:a6:01:02:03"), "clear",
    ),
    "wsl1-firewall-drops": Made(
        "WSL1: the rules are for programs of Windows and for other ports", in_wsl1(windows=around(), rules={}),
        "blocked", "firewall-drops",
    ),
    "wsl1-firewall-unreadable-rootfs": Made(
        "WSL1: a rule is for a program of Linux by its path in Windows", in_wsl1(windows=around(), rules={
            "x": OF_ROOTFS}), "undetermined", "firewall-unreadable",
    ),
    "wsl1-firewall-drops-program": Made(
        "WSL1: the rule is for node.exe of Windows, and a program of Linux listens", in_wsl1(windows=around(), rules={
            "x": OF_ROOTFS.replace(ROOTFS, r"C:\Program Files\nodejs\node.exe")}), "blocked", "firewall-drops",
    ),
}  # fmt: skip
