"""The cases of WSL2: from the Windows side, and from inside a distribution."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from landiag.host.casefile import parse_case
from landiag.model.facts import Reading, ReadStatus
from tests.machines.case import Made
from tests.machines.exchanges import Synthetic
from tests.machines.windows import ALLOW, CORE, POLICY, host, process, query_user, state

RELAY = 6600
RELAYED = [
    {"address": "127.0.0.1", "port": 5000, "pid": RELAY},
    {"address": "::1", "port": 5000, "pid": RELAY},
]
WSLRELAY = process(RELAY, r"C:\Program Files\WSL\wslrelay.exe", ["wslrelay.exe", "--mode", "2"])
HELPER = 3300
HELPED = [{"address": "0.0.0.0", "port": 5000, "pid": HELPER}]
SVCHOST = process(
    HELPER, r"C:\Windows\System32\svchost.exe", ["svchost.exe", "-k", "NetSvcs", "-p", "-s", "iphlpsvc"]
)
PORT_RULE = {"landiag-tcp-5000": ALLOW}
PROXY = {"0.0.0.0/5000": "172.28.116.5/5000"}
_LINUX = Path(__file__).parent.parent.parent / "fixtures" / "linux-clear.case"
_PROXIES = """
Listen on ipv4:             Connect to ipv4:

Address         Port        Address         Port
--------------- ----------  --------------- ----------
0.0.0.0         {port}        {address}    {port}

"""


def reg_query(rules: Mapping[str, str]) -> str:
    """`reg query ...\\FirewallPolicy /s`, as its program prints it."""
    key = POLICY.replace("HKLM", "HKEY_LOCAL_MACHINE")
    rows = "".join(f"    {name}    REG_SZ    {text}\n" for name, text in {**CORE, **rules}.items())
    return f"\n{key}\\FirewallRules\n{rows}\n{key}\\StandardProfile\n    EnableFirewall    REG_DWORD    0x1\n"


@cache
def _linux() -> Mapping[str, Reading]:
    return parse_case(_LINUX.stem, _LINUX.read_bytes()).recording.readings


def inside(
    mode: str | None,
    *,
    proxy: str = "",
    windows: str | None = None,
    lan: str = "172.28.116",
    rules: Mapping[str, str] | None = None,
) -> Synthetic:
    """A distribution: the Linux of the case linux-clear, with another network and what Windows says around it."""
    texts: dict[str, str | bytes] = {}
    for name, reading in _linux().items():
        if reading.status is ReadStatus.OK:
            last = "5" if lan != "192.168.77" else "10"
            data = reading.data.replace(b"192.168.77.10", f"{lan}.{last}".encode())
            key = name.replace("192.168.77.10", f"{lan}.{last}").replace("192.168.77.", f"{lan}.")
            texts[key] = data.replace(b"192.168.77.", f"{lan}.".encode())
    about: dict[str, Any] = json.loads(texts["machine"])
    about.update(environment="wsl2", kernel="Linux 6.6.87.2-microsoft-standard-WSL2", hostname="annas-pc")
    texts["machine"] = json.dumps(about)
    if mode is not None:
        texts["wsl-mode"] = f"{mode}\n"
    texts["wsl-portproxy"] = proxy
    if windows is not None:
        texts["wsl-windows-state"] = windows
        texts["wsl-windows-rules"] = reg_query(rules or {})
        texts["wsl-windows-group-policy"] = ""
    return Synthetic(texts)


WSL_SERVICE = (r"HKLM\SYSTEM\CurrentControlSet\Services\WslService", "Start", 2)
HYPERV = {
    "name": "{40E0AC32-46A5-438A-A0B2-2B479E8F2E90}",
    "enabled": "True",
    "inbound": "Block",
    "merge": "True",
}
SERVICE = (
    "v2.31|Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort=5000|App=%SystemRoot%\\System32\\svchost.exe|Svc={}|"
    "Name=Port proxy|"
)
ALLOWS = [{"name": "flask", "action": "Allow", "protocol": "TCP", "ports": ["5000"], "remote": ["Any"]}]
OTHER = [{"name": "web", "action": "Allow", "protocol": "TCP", "ports": ["8000-8100"], "remote": ["Any"]}]

CASES: Mapping[str, Made] = {
    "wsl2-port-not-forwarded-relay": Made(
        "Windows: wslrelay listens on localhost for a server behind NAT",
        host(PORT_RULE, listen=RELAYED, processes=[WSLRELAY], http="refused"), "blocked", "port-not-forwarded",
    ),
    "wsl2-port-not-forwarded-stale": Made(
        "Windows: the port proxy leads to an address that the distribution no longer has",
        host(PORT_RULE, listen=HELPED, processes=[SVCHOST], proxies=PROXY, http="silent"), "blocked",
        "port-not-forwarded",
    ),
    "wsl2-port-not-forwarded-helper-stopped": Made(
        "Windows: a port proxy, and the IP Helper service is stopped",
        host(PORT_RULE, listen=[], proxies=PROXY, windows_state=state(iphlpsvc="Stopped"), http="refused"), "blocked",
        "port-not-forwarded",
    ),
    "wsl2-clear-port-proxy": Made(
        "Windows: the port proxy leads to the distribution, and a rule opens the port",
        host(PORT_RULE, listen=HELPED, processes=[SVCHOST], proxies=PROXY, reachable=frozenset({"172.28.116.5"})),
        "clear",
    ),
    "wsl2-firewall-drops-port-proxy": Made(
        "Windows: the port proxy works, and no rule opens the port",
        host(listen=HELPED, processes=[SVCHOST], proxies=PROXY, reachable=frozenset({"172.28.116.5"})), "blocked",
        "firewall-drops",
    ),
    "wsl2-port-not-forwarded-inside": Made(
        "inside: NAT, and Windows passes no port on", inside("nat"), "blocked", "port-not-forwarded"
    ),
    "wsl2-port-not-forwarded-inside-stale": Made(
        "inside: NAT, and Windows passes the port on to an old address",
        inside("nat", proxy=_PROXIES.format(port=5000, address="172.28.99.12")), "blocked", "port-not-forwarded",
    ),
    "wsl2-clear-inside-port-proxy": Made(
        "inside: NAT, and Windows passes the port on to this distribution",
        inside("nat", proxy=_PROXIES.format(port=5000, address="172.28.116.5")), "clear",
    ),
    "wsl2-firewall-drops-hyperv": Made(
        "inside: mirrored, and the Hyper-V firewall has rules for other ports only",
        inside("mirrored", windows=state(hypervrules=OTHER), lan="192.168.77"), "blocked", "firewall-drops",
    ),
    "wsl2-clear-mirrored": Made(
        "inside: mirrored, and a rule of the Hyper-V firewall opens the port",
        inside("mirrored", windows=state(hypervrules=ALLOWS), lan="192.168.77"), "clear",
    ),
    "wsl2-clear-mirrored-windows-rule": Made(
        "inside: mirrored, and a rule of Windows for the port counts here too",
        inside("mirrored", windows=state(hypervrules=OTHER), rules=PORT_RULE, lan="192.168.77"), "clear",
    ),
    "wsl2-firewall-drops-mirrored-program-rule": Made(
        "inside: mirrored, and Windows has a rule for python.exe only, which does not count here",
        inside("mirrored", windows=state(), rules=dict([query_user("Allow", 6, "Private")]), lan="192.168.77"),
        "blocked", "firewall-drops",
    ),
    "wsl2-firewall-drops-mirrored-no-merge": Made(
        "inside: mirrored, and rules of Windows do not count here",
        inside("mirrored", windows=state(hyperv=[{**HYPERV, "merge": "False"}]), rules=PORT_RULE, lan="192.168.77"),
        "blocked", "firewall-drops",
    ),
    "wsl2-clear-mirrored-firewall-off": Made(
        "inside: mirrored, and the Hyper-V firewall is off for WSL",
        inside("mirrored", windows=state(hyperv=[{**HYPERV, "enabled": "False"}]), lan="192.168.77"), "clear",
    ),
    "wsl2-firewall-drops-mirrored-other-clients": Made(
        "inside: mirrored, and the rule of the Hyper-V firewall is for another network",
        inside("mirrored", windows=state(hypervrules=[{**ALLOWS[0], "remote": ["10.0.0.0/8"]}]), lan="192.168.77"),
        "blocked", "firewall-drops",
    ),
    "wsl2-port-not-forwarded-virtioproxy": Made(
        "inside: virtioproxy, of which nobody can say what it passes on", inside("virtioproxy"), "undetermined",
        "port-not-forwarded",
    ),
    "wsl2-port-not-forwarded-mirrored-windows": Made(
        "Windows: nothing is listed, and WSL runs in mirrored mode",
        host(PORT_RULE, listen=[], settings=[WSL_SERVICE], windows_state=state(wslmode="mirrored", wslruns=True),
             http="refused"),
        "undetermined", "port-not-forwarded",
    ),
    "wsl2-clear-service-rule": Made(
        "Windows: the port proxy works, and a rule is for the IP Helper service",
        host({"ip-helper": SERVICE.format("iphlpsvc")}, listen=HELPED, processes=[SVCHOST], proxies=PROXY,
             reachable=frozenset({"172.28.116.5"})), "clear",
    ),
    "wsl2-firewall-drops-other-service": Made(
        "Windows: the port proxy works, and the rule is for another service in svchost.exe",
        host({"ip-helper": SERVICE.format("upnphost")}, listen=HELPED, processes=[SVCHOST], proxies=PROXY,
             reachable=frozenset({"172.28.116.5"})), "blocked", "firewall-drops",
    ),
    "wsl2-firewall-unreadable-mirrored": Made(
        "inside: mirrored, and Windows programs cannot be started from here",
        inside("mirrored", lan="192.168.77"), "undetermined", "firewall-unreadable",
    ),
}  # fmt: skip
