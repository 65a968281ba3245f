"""Cases of Linux inside of another machine: guests with one card or two, containers, WSL2 bridged to the network."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from msgspec.structs import replace

from tests.machines.case import Made
from tests.machines.exchanges import Synthetic
from tests.machines.guest_cases import HYPERV, OF_PARALLELS, OF_VIRTUALBOX, OF_VMWARE, PHONE, ROUTER
from tests.machines.windows import ALLOW, state
from tests.machines.wsl_cases import HYPERV as SETTING
from tests.machines.wsl_cases import PORT_RULE, inside
from tests.machines.wsl_nat_cases import (
    ADAPTERS,
    ADDRESSES,
    BLOCK,
    CABLE,
    GATEWAYS,
    RIGHT,
    around,
    nat,
    shown,
)

_GATEWAY = "be:5c:26:c9:b5:c3"
OF_DOCKER, BRIDGE = "02:42:ac:11:00:0a", "02:42:5d:11:22:33"
SLIRP, VMNET8 = "52:55:0a:00:02:02", "00:50:56:e5:11:22"


def linux(
    lan: str, last: int, gateway: str, own: str, *, environment: str = "vm", length: int = 24
) -> Synthetic:
    """The Linux of the case linux-clear in another network: the start of its addresses, its gateway's end and cards."""
    made = inside(None, lan="192.168.77")
    texts: dict[str, str | bytes] = {}
    for name, data in made.texts.items():
        if not name.startswith("wsl-"):
            text = _text(data).replace('"192.168.77.1"', f'"{lan}.{last}"').replace("192.168.77.", f"{lan}.")
            source = name.replace("address=192.168.77.1 ", f"address={lan}.{last} ").replace(
                "192.168.77.", f"{lan}."
            )
            texts[source] = text.replace(_GATEWAY, gateway)
    about = json.loads(texts["machine"])
    texts["machine"] = json.dumps(
        {**about, "environment": environment, "kernel": "Linux 6.12.48+deb13-amd64"}
    )
    return replace(
        made, texts={**texts, "ip-addresses": _changed(texts, "eth0", lambda card: _card(card, own, length))}
    )


def _text(data: str | bytes) -> str:
    return data if isinstance(data, str) else data.decode()


def _changed(
    texts: Mapping[str, str | bytes], name: str, change: Callable[[dict[str, Any]], dict[str, Any]]
) -> str:
    cards = json.loads(texts["ip-addresses"])
    return json.dumps([change(one) if one["ifname"] == name else one for one in cards])


def _card(card: dict[str, Any], mac: str, length: int) -> dict[str, Any]:
    listed = [{**one, "prefixlen": length} if one["family"] == "inet" else one for one in card["addr_info"]]
    return {**card, "address": mac, "addr_info": listed}


def with_second(made: Synthetic, ip: str, *beside: str) -> Synthetic:
    """The same with a second card, without a router on its network; ``beside`` are hardware addresses there."""
    net = ip.rpartition(".")[0]
    cards, routes, known = (
        json.loads(made.texts[one]) for one in ("ip-addresses", "ip-routes-4", "ip-neighbours")
    )
    first = next(one for one in cards if one["ifname"] == "eth0")
    own = {
        "family": "inet",
        "local": ip,
        "prefixlen": 24,
        "broadcast": f"{net}.255",
        "scope": "global",
        "label": "eth1",
    }
    second = {**first, "ifname": "eth1", "ifindex": 9, "address": "08:00:27:aa:bb:cc", "addr_info": [own]}
    link = {
        "dst": f"{net}.0/24",
        "dev": "eth1",
        "protocol": "kernel",
        "scope": "link",
        "prefsrc": ip,
        "flags": [],
    }
    local = {**link, "type": "local", "dst": ip, "table": "local", "scope": "host"}
    heard = [{"dst": f"{net}.{20 + at}", "dev": "eth1", "lladdr": mac, "state": ["REACHABLE"]}
             for at, mac in enumerate(beside)]  # fmt: skip
    texts = {
        **made.texts,
        "ip-addresses": json.dumps([*cards, second]),
        "ip-routes-4": json.dumps([*routes, link, local]),
        "ip-neighbours": json.dumps([*known, *heard]),
        "file:/proc/sys/net/ipv4/conf/eth1/rp_filter": "0\n",
    }
    return replace(made, texts=texts)


def letting_in(made: Synthetic, network: str) -> Synthetic:
    """The same with a firewall that drops all but answers, loopback and the port for one network of clients."""
    one = {"family": "inet", "table": "own", "chain": "input"}
    tests = (
        [_match({"ct": {"key": "state"}}, ["established", "related"], "in")],
        [_match({"meta": {"key": "iifname"}}, "lo")],
        [
            _match(
                {"payload": {"protocol": "ip", "field": "saddr"}}, {"prefix": {"addr": network, "len": 24}}
            ),
            _match({"payload": {"protocol": "tcp", "field": "dport"}}, 5000),
        ],
    )
    ruleset: list[Mapping[str, Any]] = [
        {"metainfo": {"json_schema_version": 1}},
        {"table": {"family": "inet", "name": "own", "handle": 1}},
        {"chain": {"family": "inet", "table": "own", "name": "input", "handle": 1, "type": "filter", "hook": "input",
                   "prio": 0, "policy": "drop"}},
        *({"rule": {**one, "handle": at, "expr": [*found, {"accept": None}]}} for at, found in enumerate(tests, 2)),
    ]  # fmt: skip
    return replace(made, texts={**made.texts, "nft-ruleset": json.dumps({"nftables": ruleset})})


def _match(left: Mapping[str, Any], right: object, op: str = "==") -> Mapping[str, Any]:
    return {"match": {"op": op, "left": left, "right": right}}


def listening_on(made: Synthetic, address: str) -> Synthetic:
    """The same with a server that listens there."""
    listeners = _text(made.texts["ss-listeners"]).replace("0.0.0.0:5000", f"{address}:5000")
    return replace(made, texts={**made.texts, "ss-listeners": listeners})


def bridged(rules: Mapping[str, str]) -> Synthetic:
    """A distribution with an address of the LAN, by a switch of Windows; what Windows itself blocks is not for it."""
    told = state(
        hyperv=[SETTING], profiles=[CABLE], adapters=ADAPTERS, addresses=ADDRESSES, gateways=GATEWAYS
    )
    return inside("bridged", windows=told, rules=rules, lan="192.168.77")


VMWARE = linux("192.168.217", 2, VMNET8, OF_VMWARE)
VAGRANT = linux("10.0.2", 2, SLIRP, OF_VIRTUALBOX)
DOCKER = linux("172.17.0", 1, BRIDGE, OF_DOCKER, environment="container", length=16)
HOSTS_LAN = "192.168.1.0"
PASSED_ON = nat(RIGHT, windows=around(), rules=PORT_RULE)
GERMAN = (
    shown(RIGHT)
    .replace("Listen on ipv4:             Connect to ipv4:", "Abhören auf ipv4:         Verbinden mit ipv4:")
    .replace("Address ", "Adresse ")
)

CASES: Mapping[str, Made] = {
    "linux-port-not-forwarded-vmware-lan-only": Made(
        "a guest of VMware whose firewall lets in the host's LAN alone: whether clients come with their own addresses "
        "can't be seen inside", letting_in(VMWARE, HOSTS_LAN), "undetermined", "port-not-forwarded",
    ),
    "linux-port-not-forwarded-hyperv-lan-only": Made(
        "the same behind Hyper-V's Default Switch", letting_in(linux("172.25.48", 1, HYPERV, "00:15:5d:01:02:03"),
        HOSTS_LAN), "undetermined", "port-not-forwarded",
    ),
    "linux-port-not-forwarded-parallels-lan-only": Made(
        "the same in Parallels' shared network", letting_in(linux("10.211.55", 1, "00:1c:42:00:00:18", OF_PARALLELS),
        HOSTS_LAN), "undetermined", "port-not-forwarded",
    ),
    "linux-port-not-forwarded-multipass": Made(
        "a guest of Multipass on Hyper-V's Default Switch: its card has an address of another kind",
        linux("172.20.112", 1, "00:15:5d:aa:bb:cc", "52:54:00:11:22:33", length=20), "undetermined",
        "port-not-forwarded",
    ),
    "linux-firewall-drops-guest-loopback-only": Made(
        "a guest whose firewall lets in nothing but addresses of loopback: no client has one",
        letting_in(VMWARE, "127.0.0.0"), "blocked", "firewall-drops",
    ),
    "linux-firewall-drops-virtualbox-lan-only": Made(
        "behind VirtualBox' NAT everybody comes with the gateway's address", letting_in(VAGRANT, HOSTS_LAN), "blocked",
        "firewall-drops",
    ),
    "linux-clear-second-card-bridged": Made(
        "Vagrant: the default route leads through VirtualBox' NAT, and a second card is bridged to the LAN",
        with_second(VAGRANT, "192.168.77.10", PHONE), "clear",
    ),
    "linux-port-not-forwarded-second-card-alone": Made(
        "the second card is in a network that may be of the host alone: nobody but its virtual machines was heard",
        with_second(VAGRANT, "192.168.56.10", "0a:00:27:00:00:00", OF_VIRTUALBOX), "undetermined",
        "port-not-forwarded",
    ),
    "linux-port-not-forwarded-docker": Made(
        "in a container, on Docker's own bridge", DOCKER, "undetermined", "port-not-forwarded"
    ),
    "linux-port-not-forwarded-compose": Made(
        "in a container of compose, with the made-up addresses of newer engines",
        linux("192.168.160", 1, "ea:1b:5d:11:22:33", "8e:42:ac:11:00:0a", environment="container", length=20),
        "undetermined", "port-not-forwarded",
    ),
    "linux-port-not-forwarded-podman": Made(
        "in a container of Podman's", linux("10.88.0", 1, "f2:11:22:33:44:55", "aa:11:22:33:44:55",
        environment="container", length=16), "undetermined", "port-not-forwarded",
    ),
    "linux-bound-to-loopback-docker": Made(
        "in a container the server listens on the container's loopback: publishing the port does not help",
        listening_on(DOCKER, "127.0.0.1"), "blocked", "bound-to-loopback",
    ),
    "linux-clear-container-bridged": Made(
        "a container with a card of its own in the LAN", linux("192.168.77", 1, ROUTER, OF_DOCKER,
        environment="container"), "clear",
    ),
    "linux-clear-virtual-machine-in-that-network": Made(
        "no container, in a LAN with the numbers of Docker's", linux("172.17.0", 1, BRIDGE, OF_VMWARE, length=16),
        "clear",
    ),
    "wsl2-clear-bridged": Made(
        "bridged: the Hyper-V firewall blocks by default, and WSL asks it in mirrored mode and behind NAT alone",
        bridged({}), "clear",
    ),
    "wsl2-clear-bridged-windows-blocks": Made(
        "bridged: a rule of Windows blocks the port of Windows itself", bridged(BLOCK), "clear"
    ),
    "wsl2-bound-to-loopback-bridged": Made(
        "bridged: the server listens on 127.0.0.1, and no port proxy helps", listening_on(bridged({}), "127.0.0.1"),
        "blocked", "bound-to-loopback",
    ),
    "wsl2-clear-nat-portproxy-german": Made(
        "inside: netsh in German, code page 850",
        replace(PASSED_ON, texts={**PASSED_ON.texts, "wsl-portproxy": GERMAN.encode("cp850")}), "clear",
    ),
    "wsl2-port-not-forwarded-nat-stale-before-right": Made(
        "inside: a port proxy for the LAN's address alone leads to an old address, and takes the connections before "
        "the one for all addresses, which is right",
        nat(("192.168.77.10", 5000, "172.28.99.1", 5000), RIGHT, windows=around(), rules=PORT_RULE), "blocked",
        "port-not-forwarded",
    ),
    "wsl2-firewall-drops-nat-lan-only": Made(
        "inside: the distribution's own firewall lets in the LAN, and Windows connects with its own inner address",
        letting_in(PASSED_ON, "192.168.77.0"), "blocked", "firewall-drops",
    ),
    "wsl2-clear-nat-block-of-python": Made(
        "inside: a rule of Windows blocks python.exe of Windows, which a port proxy is not",
        nat(RIGHT, windows=around(), rules={**PORT_RULE, "x": ALLOW.replace("Allow", "Block").replace(
            "LPort=5000", r"App=C:\Python312\python.exe")}), "clear",
    ),
}  # fmt: skip
