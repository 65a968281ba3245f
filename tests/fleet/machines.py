"""Recordings of hosts as Linux would give them, for fleets of any size: addresses, listeners, rules as text."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from ipaddress import ip_interface
from pathlib import Path
from typing import Any

from landiag.collect.linux_sources import FIRST, interface_settings
from landiag.collect.machine import MACHINE, process_source
from landiag.fleet.hosts import Host, make_host
from landiag.fleet.names import file_name
from landiag.fleet.reach import Reach
from landiag.host import Recording, parse_recording, render_recording
from landiag.model.facts import File, Reading, ReadStatus
from landiag.model.report import Target
from landiag.replay import Rulesets

NOW = 1_764_000_000.0
CREATED = "2025-11-24T16:00:00+00:00"

ESTABLISHED = "-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"


def firewall(*rules: str, policy: str = "DROP", output: str = "ACCEPT") -> str:
    """What iptables-legacy-save prints of a filter table."""
    lines = "".join(f"{rule}\n" for rule in rules)
    head = f"*filter\n:INPUT {policy} [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT {output} [0:0]\n"
    return f"{head}{ESTABLISHED}{lines}COMMIT\n"


def recording(
    address: str,
    ports: Mapping[int, str] | None = None,
    rules: str = "",
    *,
    created: str = CREATED,
    hostname: str = "host",
    groups: str = "",
    changes: Mapping[str, Reading | None] | None = None,
) -> Recording:
    """A host with one address on eth0, which listens on ports (each with the address that it is bound to).

    ``rules`` are what iptables-save prints, or `nft -j list ruleset`.
    """
    texts = _texts(address, ports or {}, rules, hostname)
    readings: dict[str, Reading] = {}
    for source in (
        MACHINE,
        *FIRST,
        process_source((101,)),
        *interface_settings("eth0"),
        *interface_settings("lo"),
    ):
        readings[source.name] = _reading(source.name, texts, is_file=isinstance(source, File))
    for name, reading in (changes or {}).items():
        if reading is None:
            readings.pop(name)
        else:
            readings[name] = reading
    options = {"command": "record", **({"groups": groups} if groups else {})}
    return Recording(Target(port=None), created, "0.1.0", readings, options)


def _reading(name: str, texts: Mapping[str, str], *, is_file: bool) -> Reading:
    if name in texts:
        return Reading(name, ReadStatus.OK, texts[name].encode())
    if name.startswith("file:/proc/sys/"):
        return Reading(name, ReadStatus.OK, b"0\n")
    missing = is_file or name == "firewall-units"
    return Reading(name, ReadStatus.MISSING if missing else ReadStatus.NOT_LOADED)


def _texts(address: str, ports: Mapping[int, str], rules: str, hostname: str) -> dict[str, str]:
    own = ip_interface(address)
    inet = {"family": "inet", "local": str(own.ip), "prefixlen": own.network.prefixlen, "scope": "global"}
    links: list[dict[str, Any]] = [
        {"ifindex": 1, "ifname": "lo", "flags": ["LOOPBACK", "UP"], "operstate": "UNKNOWN", "link_type": "loopback",
         "addr_info": [{"family": "inet", "local": "127.0.0.1", "prefixlen": 8, "scope": "host"}]},
        {"ifindex": 2, "ifname": "eth0", "flags": ["BROADCAST", "UP", "LOWER_UP"], "operstate": "UP",
         "link_type": "ether", "address": f"02:00:{own.ip.packed.hex(':')}",
         "addr_info": [inet]},
    ]  # fmt: skip
    gateway = str(own.network[1] if own.network[1] != own.ip else own.network[2])
    routes = [
        {"type": "local", "dst": str(own.ip), "dev": "eth0", "table": "local", "protocol": "kernel"},
        {"type": "local", "dst": "127.0.0.0/8", "dev": "lo", "table": "local", "protocol": "kernel"},
        {"dst": str(own.network), "dev": "eth0", "protocol": "kernel", "prefsrc": str(own.ip)},
        {"dst": "default", "gateway": gateway, "dev": "eth0"},
    ]
    policy = [
        {"priority": n, "src": "all", "table": t}
        for n, t in ((0, "local"), (32766, "main"), (32767, "default"))
    ]
    listening = "".join(
        f'LISTEN 0 128 {bound}:{port} 0.0.0.0:* users:(("srv",pid=101,fd=3)) ino:1 sk:1 <->\n'
        for port, bound in ports.items()
    )
    machine = {"now": NOW, "platform": "linux", "os": "Debian", "kernel": "Linux 6.1", "hostname": hostname,
               "privileged": True, "user_id": 0, "environment": "bare", "namespace": "1"}  # fmt: skip
    owner = [{"pid": 101, "name": "srv", "argv": ["srv"], "user": "root", "uid": 0, "parent": 1}]
    texts = {
        "machine": json.dumps(machine),
        "ip-addresses": json.dumps(links),
        "ip-routes-4": json.dumps(routes), "ip-routes-6": "[]", "ip-rules-4": json.dumps(policy), "ip-rules-6": "[]",
        "ip-neighbours": "[]", "ss-listeners": listening, "namespaces": json.dumps({"namespaces": []}),
        "processes pids=101": json.dumps(owner),
        "tc-qdiscs": "".join(f"qdisc noqueue 0: dev {one} root refcnt 2 \n" for one in ("lo", "eth0")),
    }  # fmt: skip
    if rules.startswith("{"):
        texts |= {"nft-ruleset": rules}
    elif rules:
        tables = "".join(f"{name}\n" for name in re.findall(r"^\*(\w+)$", rules, re.MULTILINE))
        texts |= {"iptables-legacy-save": rules, "file:/proc/net/ip_tables_names": tables}
    return texts


def fleet(**recordings: Recording) -> Reach:
    """A fleet of recordings by name, as they come back from their files."""
    rulesets: Rulesets = {}
    return Reach(host(name, one, rulesets) for name, one in recordings.items())


def host(name: str, found: Recording, rulesets: Rulesets | None = None) -> Host:
    """One host of a recording, as it comes back from its file."""
    return make_host(
        name, f"{name}.json", parse_recording(render_recording(found)), {} if rulesets is None else rulesets
    )


def write(folder: Path, **recordings: Recording) -> Path:
    """A folder of recordings."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, found in recordings.items():
        (folder / f"{file_name(name)}.json").write_text(render_recording(found), encoding="utf-8")
    return folder
