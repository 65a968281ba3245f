"""Windows machines: a laptop with one server, varied in what keeps clients away."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from tests.machines.exchanges import Synthetic

POLICY = r"HKLM\SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy"
GPO = r"HKLM\SOFTWARE\Policies\Microsoft\WindowsFirewall"
PROXY = r"HKLM\SYSTEM\CurrentControlSet\Services\PortProxy\v4tov4\tcp"
NETWORK = r"HKLM\SYSTEM\CurrentControlSet\Control\Network\{4D36E972-E325-11CE-BFC1-08002BE10318}"
GUIDS = {
    "Wi-Fi": "{1B2C3D4E-0000-4000-8000-0000000000F1}",
    "Ethernet": "{1B2C3D4E-0000-4000-8000-0000000000E7}",
}
"""The interfaces as rules name them."""
PYTHON = r"C:\Users\anna\AppData\Local\Programs\Python\Python312\python.exe"
PID = 9120

CORE = {
    "CoreNet-DHCP-In": "v2.31|Action=Allow|Active=TRUE|Dir=In|Protocol=17|LPort=68|RPort=67|"
    r"App=%SystemRoot%\system32\svchost.exe|Svc=dhcp|Name=@FirewallAPI.dll,-25301|",
    "FPS-SMB-In-TCP": "v2.31|Action=Allow|Active=FALSE|Dir=In|Protocol=6|Profile=Private|LPort=445|RA4=LocalSubnet|"
    "RA6=LocalSubnet|App=System|Name=@FirewallAPI.dll,-28511|",
    "RemoteAssistance-In-TCP-EdgeScope": "v2.31|Action=Allow|Active=TRUE|Dir=In|Protocol=6|Profile=Private|"
    r"App=%SystemRoot%\system32\msra.exe|Name=@FirewallAPI.dll,-33003|Edge=TRUE|Defer=App|",
    "{6E1C2B52-0F4E-4C7B-9E02-B1A3A1D0F001}": "v2.31|Action=Allow|Active=TRUE|Dir=Out|Protocol=6|"
    r"App=C:\Program Files\Mozilla Firefox\firefox.exe|Name=Firefox|",
    "{6E1C2B52-0F4E-4C7B-9E02-B1A3A1D0F002}": "v2.31|Action=Allow|Active=TRUE|Dir=In|Profile=Domain|Profile=Private|"
    "Name=Xbox|AppPkgId=S-1-15-2-1823635404-1364722122-2170562666-1762391777-2399050872-3465541734-3732476201|",
}  # fmt: skip
"""A few of the rules that every Windows has."""

ALLOW = "v2.31|Action=Allow|Active=TRUE|Dir=In|Protocol=6|Profile=Private|LPort=5000|Name=My server|"


def query_user(action: str, protocol: int, profile: str, program: str = PYTHON.lower()) -> tuple[str, str]:
    """A rule as the prompt of Windows leaves it: its name and its string."""
    word = "TCP" if protocol == 6 else "UDP"
    name = f"{word} Query User{{0D9A6C5E-11B2-4D53-9D55-6B8B0E5AF0{protocol:02d}}}{program}"
    return name, (f"v2.31|Action={action}|Active=TRUE|Dir=In|Protocol={protocol}|Profile={profile}|App={program}|"
                  "Name=python.exe|Desc=python.exe|Defer=User|")  # fmt: skip


def prompt_blocks(profile: str = "Private") -> dict[str, str]:
    """The two rules that Cancel makes."""
    return dict(query_user("Block", protocol, profile) for protocol in (6, 17))


def registry(
    rules: Mapping[str, str],
    settings: Sequence[tuple[str, str, int]] = (),
    proxies: Mapping[str, str] | None = None,
    stored: Mapping[str, Mapping[str, str]] | None = None,
) -> str:
    """The reading of the registry."""
    values: list[tuple[str, str, str, str]] = [
        (rf"{POLICY}\FirewallRules", name, "REG_SZ", text) for name, text in {**CORE, **rules}.items()
    ]
    for profile in ("DomainProfile", "StandardProfile", "PublicProfile"):
        values.append((rf"{POLICY}\{profile}", "EnableFirewall", "REG_DWORD", "1"))
        values.append((rf"{POLICY}\{profile}", "DisableNotifications", "REG_DWORD", "0"))
    values += [(key, name, "REG_DWORD", str(number)) for key, name, number in settings]
    values += [
        (key, name, "REG_SZ", text) for key, rules in (stored or {}).items() for name, text in rules.items()
    ]
    values += [(rf"{NETWORK}\{guid}\Connection", "Name", "REG_SZ", name) for name, guid in GUIDS.items()]
    values += [(PROXY, listen, "REG_SZ", connect) for listen, connect in (proxies or {}).items()]
    return json.dumps({"values": values, "missing": []})


ADAPTERS: list[dict[str, Any]] = [
    {"name": "Wi-Fi", "up": True, "mtu": 1500, "mac": "3C-52-82-AA-BB-CC",
     "addresses": [["192.168.77.10", "255.255.255.0"], ["fe80::41c2:9d1:77aa:10", None]]},
    {"name": "vEthernet (WSL (Hyper-V firewall))", "up": True, "mtu": 1500, "mac": "00-15-5D-36-44-A9",
     "addresses": [["172.28.112.1", "255.255.240.0"], ["fe80::edbe:108c:c004:6604", None]]},
    {"name": "Ethernet", "up": False, "mtu": 1500, "mac": "3C-52-82-AA-BB-CD", "addresses": []},
    {"name": "Loopback Pseudo-Interface 1", "up": True, "mtu": 1500, "mac": None,
     "addresses": [["127.0.0.1", "255.0.0.0"], ["::1", None]]},
]  # fmt: skip

_BAR = "=" * 75
_LIST = f"""{_BAR}
Interface List
 12...3c 52 82 aa bb cc ......Intel(R) Wi-Fi 6 AX201 160MHz
  7...3c 52 82 aa bb cd ......Intel(R) Ethernet Connection (7) I219-V
 44...00 15 5d 36 44 a9 ......Hyper-V Virtual Ethernet Adapter
  1...........................Software Loopback Interface 1
{_BAR}
"""
ROUTES4 = f"""{_LIST}
IPv4 Route Table
{_BAR}
Active Routes:
Network Destination        Netmask          Gateway       Interface  Metric
          0.0.0.0          0.0.0.0     192.168.77.1    192.168.77.10     35
        127.0.0.0        255.0.0.0         On-link         127.0.0.1    331
        127.0.0.1  255.255.255.255         On-link         127.0.0.1    331
     172.28.112.0    255.255.240.0         On-link      172.28.112.1   5256
     172.28.112.1  255.255.255.255         On-link      172.28.112.1   5256
     192.168.77.0    255.255.255.0         On-link     192.168.77.10    291
    192.168.77.10  255.255.255.255         On-link     192.168.77.10    291
   192.168.77.255  255.255.255.255         On-link     192.168.77.10    291
        224.0.0.0        240.0.0.0         On-link     192.168.77.10    291
{_BAR}
Persistent Routes:
  None
"""
ROUTES6 = f"""{_LIST}
IPv6 Route Table
{_BAR}
Active Routes:
 If Metric Network Destination      Gateway
  1    331 ::1/128                  On-link
 12    291 fe80::/64                On-link
 44   5256 fe80::/64                On-link
 12    291 fe80::41c2:9d1:77aa:10/128
                                    On-link
{_BAR}
Persistent Routes:
  None
"""
ARP = """
Interface: 192.168.77.10 --- 0xc
  Internet Address      Physical Address      Type
  192.168.77.1          9c-c7-a6-01-02-03     dynamic
  192.168.77.20         a4-5e-60-11-22-33     dynamic
  192.168.77.255        ff-ff-ff-ff-ff-ff     static
  224.0.0.22            01-00-5e-00-00-16     static
"""
_EXCLUDED = """
Protocol tcp Port Exclusion Ranges

Start Port    End Port
----------    --------
{rows}
* - Administered port exclusions.
"""


def excluded(*rows: str) -> str:
    """`netsh interface ipv4 show excludedportrange protocol=tcp`."""
    return _EXCLUDED.format(rows="".join(f"{row}\n" for row in rows))


def state(category: str = "Private", **changes: Any) -> str:
    """What the PowerShell script prints."""
    network = [{"alias": "Wi-Fi", "index": 12, "network": "Heimnetz 7", "category": category}]
    hyperv = [
        {
            "name": "{40E0AC32-46A5-438A-A0B2-2B479E8F2E90}",
            "enabled": "True",
            "inbound": "Block",
            "merge": "True",
        }
    ]
    services = [
        {"name": "RpcSs", "pid": 1200},
        {"name": "RpcEptMapper", "pid": 1200},
        {"name": "iphlpsvc", "pid": 3300},
    ]
    return json.dumps({"profiles": network, "products": [], "hyperv": hyperv, "hypervrules": [],
                       "iphlpsvc": "Running", "services": services, "wslmode": "", "wslruns": False,
                       **changes})  # fmt: skip


FLASK = [PYTHON, "-m", "flask", "--app", "notes", "run", "--host", "0.0.0.0"]
LISTEN = [{"address": "0.0.0.0", "port": 5000, "pid": PID}]


def process(
    pid: int = PID, exe: str | None = PYTHON, argv: Sequence[str] = FLASK, name: str = ""
) -> dict[str, Any]:
    """One process."""
    return {"pid": pid, "name": name or (exe or "System").rpartition("\\")[2], "argv": list(argv), "exe": exe,
            "user": "LAPTOP\\anna", "cwd": "C:\\Users\\anna\\notes", "started": 1795440000.0, "state": "running",
            "parent": 4400, "environment": {}, "namespace": None}  # fmt: skip


def machine(**changes: Any) -> str:
    """The description of the machine."""
    return json.dumps({"now": 1795447341.0, "platform": "win32", "os": "Windows 10.0.26100", "kernel": "Windows 11",
                       "machine": "AMD64", "hostname": "anna-laptop", "privileged": False, "user_id": None,
                       "environment": "bare", "namespace": None, "landiag": "landiag", **changes})  # fmt: skip


OTHERS = [
    {"address": "0.0.0.0", "port": 135, "pid": 1200}, {"address": "0.0.0.0", "port": 445, "pid": 4},
    {"address": "::", "port": 445, "pid": 4},
]  # fmt: skip


def host(
    rules: Mapping[str, str] | None = None,
    *,
    listen: Sequence[Mapping[str, Any]] = LISTEN,
    processes: Sequence[Mapping[str, Any]] | None = None,
    settings: Sequence[tuple[str, str, int]] = (),
    proxies: Mapping[str, str] | None = None,
    stored: Mapping[str, Mapping[str, str]] | None = None,
    windows_state: str | None = None,
    texts: Mapping[str, str | bytes] | None = None,
    denied: Mapping[str, str] | None = None,
    **exchanges: Any,
) -> Synthetic:
    """A laptop in a home network with a Flask server on all addresses, unless said otherwise."""
    owners = [process()] if processes is None else list(processes)
    owners += [process(1200, r"C:\Windows\System32\svchost.exe", []), process(4, None, [], "System")]
    pids = sorted({int(one["pid"]) for one in [*listen, *OTHERS]})
    found: dict[str, str | bytes] = {
        "machine": machine(),
        "listeners": json.dumps([*listen, *OTHERS]),
        "adapters": json.dumps(ADAPTERS),
        "registry": registry(rules or {}, settings, proxies, stored),
        "route-print-4": ROUTES4,
        "route-print-6": ROUTES6,
        "arp": ARP,
        f"processes pids={','.join(map(str, pids))}": json.dumps(
            [one for one in owners if one["pid"] in pids]
        ),
        "windows-state": windows_state if windows_state is not None else state(),
        "excluded-ports-4": excluded("     50000       50059     *"),
        "excluded-ports-6": excluded(),
        **(texts or {}),
    }
    refused = denied or {}
    return Synthetic(
        {name: text for name, text in found.items() if name not in refused}, refused, **exchanges
    )
