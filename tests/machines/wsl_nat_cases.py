"""The cases of WSL2 behind NAT by the way that clients take: Windows, its firewall, a port proxy, the server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from tests.machines.case import Made
from tests.machines.exchanges import Synthetic
from tests.machines.windows import ALLOW, host, state
from tests.machines.wsl_cases import HELPED, HELPER, PORT_RULE, RELAYED, SVCHOST, WSLRELAY, inside

HERE = "172.28.116.5"
HEADS = {
    "v4tov4": "Listen on ipv4:             Connect to ipv4:",
    "v6tov4": "Ecouter sur ipv6 :          Se connecter a ipv4 :",
}
BLOCK = {"Close": ALLOW.replace("Allow", "Block").replace("|Profile=Private", "")}
ADAPTERS = [
    {"name": "Ethernet", "index": 7, "guid": "{1B2C3D4E-0000-4000-8000-0000000000E7}", "description":
     "Intel(R) Ethernet Controller I225-V", "mac": "3C-52-82-AA-BB-CD", "up": True},
    {"name": "vEthernet (WSL (Hyper-V firewall))", "index": 44, "guid": None, "description":
     "Hyper-V Virtual Ethernet Adapter", "mac": "00-15-5D-36-44-A9", "up": True},
    {"name": "Firma", "index": 61, "guid": None, "description": "WireGuard Tunnel", "mac": None, "up": True},
    {"name": "Loopback Pseudo-Interface 1", "index": 1, "guid": None, "description": "Software Loopback Interface 1",
     "mac": None, "up": True},
]  # fmt: skip
ADDRESSES = [
    {"index": 7, "ip": "192.168.77.10", "prefix": 24}, {"index": 44, "ip": "172.28.112.1", "prefix": 20},
    {"index": 61, "ip": "10.66.0.5", "prefix": 24}, {"index": 1, "ip": "127.0.0.1", "prefix": 8},
]  # fmt: skip
GATEWAYS = [{"index": 7, "gateway": "192.168.77.1"}, {"index": 61, "gateway": "0.0.0.0"}]
CABLE = {"alias": "Ethernet", "index": 7, "network": "Heimnetz 7", "category": "Private"}
VIRTUAL = {"alias": "vEthernet (WSL (Hyper-V firewall))", "index": 44, "network": "x", "category": "Public"}


def shown(*rows: tuple[str, int, str, int], kind: str = "v4tov4") -> str:
    """`netsh interface portproxy show all`."""
    lines = "".join(f"{a:<15} {b:<10} {c:<15} {d}\n" for a, b, c, d in rows)
    bar = "--------------- ----------  --------------- ----------"
    return f"\n{HEADS[kind]}\n\nAddress         Port        Address         Port\n{bar}\n{lines}\n"


def around(category: str = "Private", **changes: Any) -> str:
    """What PowerShell tells a distribution of Windows, addresses and all."""
    networks = [{**CABLE, "category": category}, VIRTUAL]
    return state(profiles=networks, adapters=ADAPTERS, addresses=ADDRESSES, gateways=GATEWAYS, **changes)


def nat(
    *rows: tuple[str, int, str, int],
    windows: str | None = None,
    rules: Mapping[str, str] | None = None,
    mode: str | None = "nat",
    kind: str = "v4tov4",
    listen: str | None = None,
) -> Synthetic:
    """A distribution behind NAT. ``listen`` is where the server listens instead of all addresses."""
    made = inside(mode, proxy=shown(*rows, kind=kind) if rows else "\n", windows=windows, rules=rules)
    if listen is None:
        return made
    texts = dict(made.texts)
    texts["ss-listeners"] = str(_text(texts["ss-listeners"])).replace("0.0.0.0:5000", f"{listen}:5000")
    return replace(made, texts=texts)


def _text(data: str | bytes) -> str:
    return data if isinstance(data, str) else data.decode()


def unreadable(made: Synthetic, *sources: str) -> Synthetic:
    """The same, where some of what Windows says was refused."""
    texts = {name: text for name, text in made.texts.items() if name not in sources}
    return replace(made, texts=texts, denied=dict.fromkeys(sources, "access is denied"))


RIGHT = ("0.0.0.0", 5000, HERE, 5000)
PROXIED = frozenset({HERE})
OTHER_PORT = [*RELAYED, {"address": "0.0.0.0", "port": 8080, "pid": HELPER}]
RULE_8080 = {"web": ALLOW.replace("LPort=5000", "LPort=8080")}


def windows_host(
    proxies: Mapping[str, str], listen: Sequence[Mapping[str, Any]], **changes: Any
) -> Synthetic:
    """Windows with port proxies, whose IP Helper service listens there."""
    given = {"rules": PORT_RULE, "processes": [SVCHOST, WSLRELAY], "reachable": PROXIED, **changes}
    return host(given.pop("rules"), listen=listen, proxies=proxies, **given)


CASES: Mapping[str, Made] = {
    "wsl2-clear-nat-windows-address": Made(
        "inside: the port proxy is right, a rule of Windows opens the port, and Windows' address is known",
        nat(RIGHT, windows=around(), rules=PORT_RULE), "clear",
    ),
    "wsl2-clear-nat-local-subnet": Made(
        "inside: the rule is for the local subnet, and Windows' addresses were not told",
        nat(RIGHT, windows=state(), rules={"x": f"{ALLOW}RA4=LocalSubnet|RA6=LocalSubnet|"}), "clear",
    ),
    "wsl2-clear-nat-other-port": Made(
        "inside: another port of Windows leads to this one",
        nat(("0.0.0.0", 8080, HERE, 5000), windows=around(), rules=RULE_8080), "clear",
    ),
    "wsl2-clear-nat-own-address": Made(
        "inside: the port proxy listens on the LAN's address of Windows alone",
        nat(("192.168.77.10", 5000, HERE, 5000), windows=around(), rules=PORT_RULE), "clear",
    ),
    "wsl2-clear-nat-by-localhost": Made(
        "inside: the server listens on 127.0.0.1, and the port proxy leads to Windows' localhost, which WSL relays",
        nat(("*", 5000, "localhost", 5000), windows=around(), rules=PORT_RULE, listen="127.0.0.1"), "clear",
    ),
    "wsl2-clear-nat-old-wsl": Made(
        "inside: a WSL without wslinfo knows NAT alone", nat(("*", 5000, HERE, 5000), mode=None), "clear"
    ),
    "wsl2-windows-firewall-not-asked": Made(
        "inside: everything is right, and Windows' programs but netsh cannot be started", nat(RIGHT), "clear"
    ),
    "wsl2-firewall-drops-nat": Made(
        "inside: the port proxy is right, and no rule of Windows opens the port",
        nat(RIGHT, windows=around()), "blocked", "firewall-drops",
    ),
    "wsl2-firewall-drops-nat-other-port": Made(
        "inside: another port of Windows leads here, and the rule is for the port inside",
        nat(("0.0.0.0", 8080, HERE, 5000), windows=around(), rules=PORT_RULE), "blocked", "firewall-drops",
    ),
    "wsl2-firewall-profile-nat": Made(
        "inside: the rule is for private networks, and Windows' network is public",
        nat(RIGHT, windows=around("Public"), rules=PORT_RULE), "blocked", "firewall-profile",
    ),
    "wsl2-firewall-drops-nat-block": Made(
        "inside: a rule of Windows blocks the port in every profile, and nobody told its profile",
        unreadable(nat(RIGHT, windows=state(), rules=BLOCK), "wsl-windows-state"), "blocked", "firewall-drops",
    ),
    "wsl2-firewall-unreadable-nat-profile": Made(
        "inside: the rule is for private networks, and nobody told Windows' profile",
        unreadable(nat(RIGHT, windows=state(), rules=PORT_RULE), "wsl-windows-state"), "undetermined",
        "firewall-unreadable",
    ),
    "wsl2-firewall-unreadable-nat": Made(
        "inside: the rules of Windows are refused",
        unreadable(nat(RIGHT, windows=around(), rules=PORT_RULE), "wsl-windows-rules"), "undetermined",
        "firewall-unreadable",
    ),
    "wsl2-other-firewall-nat": Made(
        "inside: another maker's firewall is on, on Windows",
        nat(RIGHT, windows=around(products=[{"name": "ESET Firewall", "state": 266240}]), rules=PORT_RULE),
        "undetermined", "other-firewall",
    ),
    "wsl2-port-not-forwarded-nat-loopback": Made(
        "inside: the port proxy listens on Windows' loopback", nat(("127.0.0.1", 5000, HERE, 5000)), "blocked",
        "port-not-forwarded",
    ),
    "wsl2-port-not-forwarded-nat-inner": Made(
        "inside: the port proxy listens on the address that Windows has towards WSL",
        nat(("172.28.112.1", 5000, HERE, 5000)), "blocked", "port-not-forwarded",
    ),
    "wsl2-port-not-forwarded-nat-nobody": Made(
        "inside: the port proxy listens on an address that Windows had once",
        nat(("192.168.77.99", 5000, HERE, 5000), windows=around(), rules=PORT_RULE), "blocked", "port-not-forwarded",
    ),
    "wsl2-port-not-forwarded-nat-name": Made(
        "inside: the port proxy listens on a name", nat(("annas-pc", 5000, HERE, 5000)), "undetermined",
        "port-not-forwarded",
    ),
    "wsl2-port-not-forwarded-nat-inner-port": Made(
        "inside: the port proxy leads to another port of this distribution",
        nat(("*", 5000, HERE, 5001), windows=around(), rules=PORT_RULE), "blocked", "port-not-forwarded",
    ),
    "wsl2-port-not-forwarded-nat-ipv6": Made(
        "inside: the port proxy listens on IPv6's loopback", nat(("::1", 5000, HERE, 5000), kind="v6tov4"), "blocked",
        "port-not-forwarded",
    ),
    "wsl2-port-not-forwarded-nat-ipv6-all": Made(
        "inside: the port proxy listens on IPv6 alone, and Windows has IPv4 addresses",
        nat(("*", 5000, HERE, 5000), kind="v6tov4", windows=around(), rules=PORT_RULE), "blocked",
        "port-not-forwarded",
    ),
    "wsl2-clear-nat-peer": Made(
        "inside: everything is right, for one client of Windows' network",
        nat(RIGHT, windows=around(), rules=PORT_RULE), "clear", peer="192.168.77.20",
    ),
    "wsl2-port-not-forwarded-nat-no-localhost": Made(
        "inside: the port proxy leads to Windows' localhost, and .wslconfig switches its relay off",
        nat(("*", 5000, "127.0.0.1", 5000), windows=around(wsllocalhost="false"), rules=PORT_RULE), "blocked",
        "port-not-forwarded",
    ),
    "wsl2-port-not-forwarded-nat-helper": Made(
        "inside: the IP Helper service of Windows is stopped",
        nat(RIGHT, windows=around(iphlpsvc="Stopped"), rules=PORT_RULE), "blocked", "port-not-forwarded",
    ),
    "wsl2-port-not-forwarded-nat-unread": Made(
        "inside: netsh is refused", unreadable(nat(RIGHT, windows=around()), "wsl-portproxy"), "undetermined",
        "port-not-forwarded",
    ),
    "wsl2-port-not-forwarded-mode-unread": Made(
        "inside: wslinfo failed, and nothing is passed on", unreadable(nat(), "wsl-mode"), "undetermined",
        "port-not-forwarded",
    ),
    "wsl2-bound-to-loopback-nat": Made(
        "inside: the port proxy leads to the distribution's address, and the server listens on 127.0.0.1",
        nat(RIGHT, windows=around(), rules=PORT_RULE, listen="127.0.0.1"), "blocked", "bound-to-loopback",
    ),
    "wsl2-clear-windows-other-port": Made(
        "Windows: only its localhost leads to the port, but another port of Windows does too",
        windows_host({"0.0.0.0/8080": f"{HERE}/5000"}, OTHER_PORT, rules=RULE_8080), "clear",
    ),
    "wsl2-firewall-drops-windows-other-port": Made(
        "Windows: another port leads there, and no rule opens that one",
        windows_host({"0.0.0.0/8080": f"{HERE}/5000"}, OTHER_PORT), "blocked", "firewall-drops",
    ),
    "wsl2-port-not-forwarded-windows-loopback": Made(
        "Windows: the port proxy listens on localhost",
        windows_host({"localhost/5000": f"{HERE}/5000"}, [{"address": "127.0.0.1", "port": 5000, "pid": HELPER}]),
        "blocked", "port-not-forwarded",
    ),
    "wsl2-port-not-forwarded-windows-inner": Made(
        "Windows: the port proxy listens on the address that Windows has towards WSL",
        windows_host({"172.28.112.1/5000": f"{HERE}/5000"}, [{"address": "172.28.112.1", "port": 5000, "pid": HELPER}]),
        "blocked", "port-not-forwarded",
    ),
    "wsl2-port-not-forwarded-windows-itself": Made(
        "Windows: the port proxy leads to itself, for nothing else listens on localhost",
        windows_host({"0.0.0.0/5000": "127.0.0.1/5000"}, HELPED, reachable=frozenset({"127.0.0.1"})), "blocked",
        "port-not-forwarded",
    ),
    "wsl2-clear-windows-by-localhost": Made(
        "Windows: the port proxy leads to localhost, where WSL's relay listens",
        windows_host({"0.0.0.0/5000": "127.0.0.1/5000"}, [*HELPED, RELAYED[0]], reachable=frozenset({"127.0.0.1"})),
        "clear",
    ),
}  # fmt: skip
