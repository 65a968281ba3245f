"""The cases of WSL2 by what its port proxies are: several of them, families, names, chains, WSL's own relay."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from tests.machines.case import Made
from tests.machines.exchanges import Synthetic
from tests.machines.windows import ALLOW, PID, process, state
from tests.machines.wsl_cases import (
    HELPED,
    HELPER,
    PORT_RULE,
    PROXY,
    RELAY,
    RELAYED,
    SVCHOST,
    WSLRELAY,
    inside,
)
from tests.machines.wsl_nat_cases import (
    ADAPTERS,
    ADDRESSES,
    CABLE,
    HERE,
    RIGHT,
    around,
    nat,
    shown,
    windows_host,
)

INNER6 = "fd77::10"
SWITCH = "vEthernet (Bridge to the house)"
STALE = ("0.0.0.0", 5000, "172.28.99.12", 5000)
ALONE = ("192.168.77.10", 5000, HERE, 5000)
ALONE_STALE = ("192.168.77.10", 5000, "172.28.99.12", 5000)
V4TOV6 = "Listen on ipv4:             Connect to ipv6:"
OLD_RELAY = process(RELAY, r"C:\Windows\System32\lxss\wslhost.exe", ["wslhost.exe"])
AT_LAN = {"address": "192.168.77.10", "port": 5000, "pid": HELPER}


def known(*rows: tuple[str, int, str, int], listen: str | None = None) -> Synthetic:
    """A distribution whose Windows tells its addresses, and has a rule that opens the port."""
    return nat(*rows, windows=around(), rules=PORT_RULE, listen=listen)


def to_ipv6(connect: str, listen: str | None = None) -> Synthetic:
    """The same with one proxy from IPv4 to IPv6."""
    made = known(("0.0.0.0", 5000, connect, 5000), listen=listen)
    text = shown(("0.0.0.0", 5000, connect, 5000)).replace("Connect to ipv4", "Connect to ipv6")
    assert V4TOV6 in text
    return replace(made, texts={**made.texts, "wsl-portproxy": text})


def told(**changes: Any) -> str:
    """What Windows tells of itself, with some of it changed."""
    return json.dumps({**json.loads(around()), **changes})


def with_ipv6() -> str:
    """What Windows tells where its card has an IPv6 address, too."""
    return told(addresses=[*ADDRESSES, {"index": 7, "ip": "2001:db8:77::10", "prefix": 64}])


def in_chinese() -> Synthetic:
    """Nothing but the heading tells the family of ``*``."""
    made = known(("*", 5000, HERE, 5000))
    text = (
        shown(("*", 5000, HERE, 5000))
        .replace("Listen on ipv4", "侦听 ipv4")
        .replace("Connect to ipv4", "连接到 ipv4")
    )
    return replace(made, texts={**made.texts, "wsl-portproxy": text})


OUTBOUND = "v2.31|Action=Block|Active=TRUE|Dir=Out|Protocol=6|RPort={}|Name=Block outbound|"
OF_HELPER = (
    r"v2.31|Action=Block|Active=TRUE|Dir=Out|App=%SystemRoot%\System32\svchost.exe|Svc=iphlpsvc|Name=No|"
)


def in_wsl1(**changes: Any) -> Synthetic:
    """A Linux in WSL1, whose network is that of Windows."""
    made = inside(None, lan="192.168.77", **changes)
    about = {
        **json.loads(made.texts["machine"]),
        "environment": "wsl1",
        "kernel": "Linux 4.4.0-26100-Microsoft",
    }
    texts = {name: text for name, text in made.texts.items() if name != "wsl-portproxy"}
    return replace(made, texts={**texts, "machine": json.dumps(about)})


CASES: Mapping[str, Made] = {
    "wsl1-clear": Made(
        "WSL1: the network is that of Windows, and a rule of Windows opens the port",
        in_wsl1(windows=around(), rules=PORT_RULE), "clear",
    ),
    "wsl1-firewall-profile": Made(
        "WSL1: the rule is for private networks, and Windows' network is public",
        in_wsl1(windows=around("Public"), rules=PORT_RULE), "blocked", "firewall-profile",
    ),
    "wsl1-firewall-unreadable": Made(
        "WSL1: Windows' programs cannot be started", in_wsl1(), "undetermined", "firewall-unreadable"
    ),
    "wsl2-clear-nat-portproxy-chinese": Made(
        "inside: the port proxies are listed in Chinese, and the right one listens on *", in_chinese(), "clear",
    ),
    "wsl2-port-not-forwarded-nat-lan-ipv6": Made(
        "inside: the port proxy listens on Windows' own IPv6 address alone, and other devices use IPv4",
        nat(("2001:db8:77::10", 5000, HERE, 5000), kind="v6tov4", windows=with_ipv6(), rules=PORT_RULE), "blocked",
        "port-not-forwarded",
    ),
    "wsl2-port-not-forwarded-nat-inner-ipv6": Made(
        "inside: the port proxy leads to the distribution's IPv6 address, and the server listens on IPv4",
        to_ipv6(INNER6), "blocked", "port-not-forwarded",
    ),
    "wsl2-clear-nat-inner-ipv6": Made(
        "inside: the port proxy leads to the distribution's IPv6 address, where the server listens too",
        to_ipv6(INNER6, listen="*"), "clear",
    ),
    "wsl2-port-not-forwarded-nat-relay-ipv6": Made(
        "inside: the port proxy leads to 127.0.0.1 of Windows, and WSL relays a server on :: on ::1 alone",
        known(("0.0.0.0", 5000, "127.0.0.1", 5000), listen="*"), "blocked", "port-not-forwarded",
    ),
    "wsl2-clear-nat-relay-ipv6": Made(
        "inside: the port proxy leads to ::1 of Windows, where WSL relays a server on ::",
        to_ipv6("::1", listen="*"), "clear",
    ),
    "wsl2-port-not-forwarded-nat-connect-name": Made(
        "inside: the port proxy leads to a name that only Windows can look up",
        known(("0.0.0.0", 5000, "ubuntu.wsl", 5000)), "undetermined", "port-not-forwarded",
    ),
    "wsl2-clear-nat-chain": Made(
        "inside: one port proxy leads to another, which leads here",
        known(("0.0.0.0", 5000, "127.0.0.1", 5001), ("127.0.0.1", 5001, HERE, 5000)), "clear",
    ),
    "wsl2-port-not-forwarded-nat-loop": Made(
        "inside: the port proxy leads to an address of Windows, and so to itself",
        known(("0.0.0.0", 5000, "192.168.77.10", 5000)), "blocked", "port-not-forwarded",
    ),
    "wsl2-port-not-forwarded-nat-shadowed": Made(
        "inside: a stale port proxy for the LAN's address takes what the right one for all addresses would",
        known(RIGHT, ALONE_STALE), "blocked", "port-not-forwarded",
    ),
    "wsl2-clear-nat-alone-right": Made(
        "inside: the right port proxy for the LAN's address takes what a stale one for all addresses would",
        known(STALE, ALONE), "clear",
    ),
    "wsl2-port-not-forwarded-nat-loopback-beside-stale": Made(
        "inside: the right port proxy is Windows' own, and the one for clients is stale",
        known(STALE, ("127.0.0.1", 5000, HERE, 5000)), "blocked", "port-not-forwarded",
    ),
    "wsl2-port-not-forwarded-nat-tunnel": Made(
        "inside: the port proxy listens on the address of Windows in a VPN",
        known(("10.66.0.5", 5000, HERE, 5000)), "blocked", "port-not-forwarded",
    ),
    "wsl2-port-not-forwarded-nat-ipv6-beside-ipv4": Made(
        "inside: the port proxy listens on IPv6 alone, and Windows has an address of either kind",
        nat(("*", 5000, HERE, 5000), kind="v6tov4", windows=with_ipv6(), rules=PORT_RULE), "blocked",
        "port-not-forwarded",
    ),
    "wsl2-clear-nat-ipv4-beside-ipv6": Made(
        "inside: the port proxy listens on IPv4, and Windows has an address of either kind",
        nat(RIGHT, windows=with_ipv6(), rules=PORT_RULE), "clear",
    ),
    "wsl2-no-lan-address-windows": Made(
        "inside: everything is right, and Windows itself is in no network",
        nat(RIGHT, windows=told(adapters=[{**ADAPTERS[0], "up": False}, ADAPTERS[1]], addresses=ADDRESSES[1:2],
                                gateways=[]), rules=PORT_RULE), "blocked", "no-lan-address",
    ),
    "wsl2-clear-nat-external-switch": Made(
        "inside: Windows' LAN address is that of an external switch, in a network without a gateway",
        nat(RIGHT, windows=told(adapters=[{**ADAPTERS[0], "name": SWITCH, "description": "Hyper-V Virtual Ethernet"},
            {**ADAPTERS[0], "name": "Ethernet 3", "index": 8}, ADAPTERS[1]], gateways=[],
            profiles=[{**CABLE, "alias": SWITCH}]), rules=PORT_RULE), "clear",
    ),
    "wsl2-firewall-profile-nat-no-addresses": Made(
        "inside: Windows tells its networks and not its addresses; the rule is for private ones, the network public",
        nat(RIGHT, windows=state("Public"), rules=PORT_RULE), "blocked", "firewall-profile",
    ),
    "wsl2-firewall-unreadable-nat-no-addresses": Made(
        "inside: the rule is for an address of Windows, which did not tell its addresses",
        nat(RIGHT, windows=state(), rules={"one": f"{ALLOW}LA4=192.168.77.10|"}), "undetermined",
        "firewall-unreadable",
    ),
    "wsl2-clear-windows-beside-relay": Made(
        "Windows: the port proxy leads into the distribution, and WSL's relay has the port on localhost beside it",
        windows_host(PROXY, [*HELPED, *RELAYED]), "clear",
    ),
    "wsl2-port-not-forwarded-windows-alone-stale": Made(
        "Windows: a stale port proxy for the LAN's address takes what the right one for all addresses would",
        windows_host({**PROXY, "192.168.77.10/5000": "172.28.99.12/5000"}, [*HELPED, AT_LAN]), "blocked",
        "port-not-forwarded",
    ),
    "wsl2-clear-windows-alone-right": Made(
        "Windows: the right port proxy for the LAN's address takes what a stale one for all addresses would",
        windows_host({"0.0.0.0/5000": "172.28.99.12/5000", "192.168.77.10/5000": f"{HERE}/5000"}, [*HELPED, AT_LAN]),
        "clear",
    ),
    "wsl2-port-not-forwarded-windows-old-relay": Made(
        "Windows: the relay of before wslrelay.exe, and nothing passes the port on",
        windows_host({}, RELAYED, processes=[SVCHOST, OLD_RELAY], http="refused"), "blocked", "port-not-forwarded",
    ),
    "wsl2-port-taken-windows-proxy-beside-server": Made(
        "Windows: a port proxy and a server of Windows have the port: no process of Windows is ended",
        windows_host(PROXY, [*HELPED, {"address": "0.0.0.0", "port": 5000, "pid": PID}],
                     processes=[SVCHOST, process()]), "blocked", "port-taken",
    ),
    "wsl2-port-taken-windows-proxy-to-another-host": Made(
        "Windows: the port proxy leads to another device of the LAN, and WSL's relay has the port on localhost",
        windows_host({"0.0.0.0/5000": "192.168.77.50/80"}, [*HELPED, *RELAYED],
                     processes=[SVCHOST, WSLRELAY], reachable=frozenset({"192.168.77.50"})),
        "blocked", "port-taken",
    ),
    "wsl2-firewall-drops-windows-outbound": Made(
        "Windows: a rule of Windows keeps the port proxy's own connection from the distribution",
        windows_host(PROXY, HELPED, rules={**PORT_RULE, "out": OUTBOUND.format(5000)}), "blocked", "firewall-drops",
    ),
    "wsl2-firewall-drops-nat-outbound": Made(
        "inside: the same rule", nat(RIGHT, windows=around(), rules={**PORT_RULE, "out": OUTBOUND.format(5000)}),
        "blocked", "firewall-drops",
    ),
    "wsl2-firewall-drops-nat-outbound-service": Made(
        "inside: an outbound rule is for the service that makes the connection",
        nat(RIGHT, windows=around(), rules={**PORT_RULE, "out": OF_HELPER}), "blocked", "firewall-drops",
    ),
    "wsl2-clear-nat-outbound-other": Made(
        "inside: the outbound rule is for another port",
        nat(RIGHT, windows=around(), rules={**PORT_RULE, "out": OUTBOUND.format(8080)}), "clear",
    ),
    "wsl2-firewall-unreadable-nat-outbound": Made(
        "inside: the outbound rule has a key that is not known",
        nat(RIGHT, windows=around(), rules={**PORT_RULE, "out": OUTBOUND.format(5000) + "RDK=fence|"}), "undetermined",
        "firewall-unreadable",
    ),
}  # fmt: skip
