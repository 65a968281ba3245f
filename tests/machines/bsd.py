"""macOS, FreeBSD and OpenBSD machines: a server on port 5000, varied in what keeps clients away."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from tests.machines.exchanges import Synthetic

PID = 4711
PYTHON = (
    "/opt/homebrew/Cellar/python@3.12/3.12.7/Frameworks/Python.framework/Versions/3.12/Resources/Python.app"
    "/Contents/MacOS/Python"
)
PYTHON_APP = PYTHON.partition("/Contents")[0]

IFCONFIG = """lo0: flags=8049<UP,LOOPBACK,RUNNING,MULTICAST> mtu 16384
\tinet 127.0.0.1 netmask 0xff000000
\tinet6 ::1 prefixlen 128
\tinet6 fe80::1%lo0 prefixlen 64 scopeid 0x1
en0: flags=8863<UP,BROADCAST,SMART,RUNNING,SIMPLEX,MULTICAST> mtu 1500
\tether 3c:22:fb:01:02:03
\tinet6 fe80::1c2:77ff:fe01:203%en0 prefixlen 64 secured scopeid 0x6
\tinet 192.168.77.10 netmask 0xffffff00 broadcast 192.168.77.255
\tmedia: autoselect
\tstatus: active
bridge100: flags=8a63<UP,BROADCAST,SMART,RUNNING,ALLMULTI,SIMPLEX,MULTICAST> mtu 1500
\tether 3e:22:fb:01:02:64
\tinet 192.168.64.1 netmask 0xffffff00 broadcast 192.168.64.255
\tstatus: active
utun3: flags=8051<UP,POINTOPOINT,RUNNING,MULTICAST> mtu 1380
\tinet6 fe80::ce81:b1c:bd2c:69e%utun3 prefixlen 64 scopeid 0xf
"""
ROUTES = """Routing tables

Internet:
Destination        Gateway            Flags               Netif Expire
default            192.168.77.1       UGScg                 en0
127                127.0.0.1          UCS                   lo0
127.0.0.1          127.0.0.1          UH                    lo0
169.254            link#6             UCS                   en0      !
192.168.64         link#20            UC              bridge100      !
192.168.77         link#6             UCS                   en0      !
192.168.77.1/32    link#6             UCS                   en0      !
192.168.77.10/32   link#6             UCS                   en0      !

Internet6:
Destination                             Gateway                         Flags               Netif Expire
default                                 fe80::%utun3                    UGcIg               utun3
::1                                     ::1                             UHL                   lo0
fe80::%en0/64                           link#6                          UCI                   en0
"""
ARP = """? (192.168.77.1) at 9c:c7:a6:1:2:3 on en0 ifscope [ethernet]
? (192.168.77.20) at a4:5e:60:11:22:33 on en0 ifscope [ethernet]
"""
PORTS = """
Hardware Port: Wi-Fi
Device: en0
Ethernet Address: 3c:22:fb:01:02:03

Hardware Port: Thunderbolt Bridge
Device: bridge0
Ethernet Address: 36:11:22:33:44:00
"""
_NETSTAT = (
    "Active Internet connections (including servers)\nProto Recv-Q Send-Q  Local Address          "
    "Foreign Address        (state)      rxbytes      txbytes  rhiwat  shiwat    pid   epid state  options\n"
)
_NETSTAT26 = (
    "Active Internet connections (including servers)\nProto Recv-Q Send-Q  Local Address          "
    "Foreign Address        (state)      rxbytes      txbytes  rhiwat  shiwat  process:pid    state  options\n"
)


def netstat(*rows: tuple[str, int], names: Mapping[int, str] | None = None) -> str:
    """`netstat -anv -p tcp`: (address, pid) of each listener; with ``names`` as macOS 26 prints it."""
    lines = []
    for address, pid in rows:
        owner = f"{names[pid]}:{pid}" if names is not None else f"{pid:6}      0"
        lines.append(f"tcp4       0      0  {address:<22} *.*                    LISTEN                 0            0"
                     f"  131072  131072  {owner}  00180 00000006\n")  # fmt: skip
    return (_NETSTAT if names is None else _NETSTAT26) + "".join(lines)


PF_DISABLED = (
    "No ALTQ support in kernel\nALTQ related functions disabled\nStatus: Disabled            Debug: Urgent\n"
)
PF_ENABLED = "No ALTQ support in kernel\nStatus: Enabled for 0 days 03:10:11          Debug: Urgent\n"
MAC_RULES = 'scrub-anchor "com.apple/*" all fragment reassemble\nanchor "com.apple/*" all\n'
MAC_NAT = 'nat-anchor "com.apple/*" all\nrdr-anchor "com.apple/*" all\n'
MAC_ANCHORS = "  com.apple\n  com.apple/200.AirDrop\n  com.apple/250.ApplicationFirewall\n"
DENIED = "pfctl: /dev/pf: Permission denied"

ALF_OFF = "Firewall is disabled. (State = 0)\n"
ALF_ON = "Firewall is enabled. (State = 1)\n"
_BY_ITSELF = "Automatically allow {} signed software ENABLED.\n"
SIGNED = _BY_ITSELF.format("built-in") + _BY_ITSELF.format("downloaded")


def apps(*entries: tuple[str, bool], new: bool = False) -> str:
    """`socketfilterfw --listapps`, as macOS before 26 prints it, or as 26 does."""
    if new:
        rows = "".join(f"{at} : {path}\n({'Allow' if ok else 'Block'} incoming connections)\n"
                       for at, (path, ok) in enumerate(entries, 1))  # fmt: skip
        return f"Total number of apps = {len(entries)}\n{rows}"
    rows = "".join(f"{at} :  {path} \n \t ( {'Allow' if ok else 'Block'} incoming connections ) \n\n"
                   for at, (path, ok) in enumerate(entries, 1))  # fmt: skip
    return f"ALF: total number of apps = {len(entries)} \n\n{rows}"


def alf(
    state: str = ALF_OFF,
    *entries: tuple[str, bool],
    new: bool = False,
    block_all: bool = False,
    stealth: bool = False,
) -> dict[str, str]:
    """Every answer of socketfilterfw."""
    return {
        "alf-getglobalstate": state,
        "alf-getblockall": f"Firewall has block all state set to {'enabled' if block_all else 'disabled'}.\n",
        "alf-getstealthmode": f"Firewall stealth mode is {'on' if stealth else 'off'}\n",
        "alf-getallowsigned": SIGNED,
        "alf-listapps": apps(*entries, new=new),
    }


def process(
    pid: int = PID, exe: str = PYTHON, argv: Sequence[str] = (), name: str = "Python"
) -> dict[str, Any]:
    """One process."""
    line = list(argv) or [exe, "-m", "flask", "--app", "notes", "run", "--host", "0.0.0.0"]
    return {"pid": pid, "name": name, "argv": line, "exe": exe, "user": "anna", "cwd": "/Users/anna/notes",
            "started": 1795440000.0, "state": "running", "parent": 1, "environment": {},
            "namespace": None}  # fmt: skip


DOCKER = process(900, "/Applications/Docker.app/Contents/MacOS/com.docker.backend", ["com.docker.backend", "services"],
                 "com.docker.backend")  # fmt: skip
LIMA = process(901, "/opt/homebrew/Cellar/lima/1.0.2/bin/limactl", ["/opt/homebrew/bin/limactl", "hostagent",
               "--pidfile", "/Users/anna/.colima/_lima/colima/ha.pid", "colima"], "limactl")  # fmt: skip


def machine(platform: str = "darwin", **changes: Any) -> str:
    """The description of the machine."""
    named = {"darwin": "macOS 15.7", "freebsd14": "FreeBSD 14.2", "openbsd7": "OpenBSD 7.6"}[platform]
    return json.dumps({"now": 1795447341.0, "platform": platform, "os": named, "kernel": named, "machine": "arm64",
                       "hostname": "annas-mac", "privileged": False, "user_id": 501, "environment": "bare",
                       "namespace": None, "landiag": "landiag", **changes})  # fmt: skip


def pf(
    rules: str = MAC_RULES, *, nat: str = "", info: str = PF_ENABLED, anchors: Mapping[str, str] | None = None,
    tables: Mapping[str, str] | None = None, skipped: Sequence[str] = (),
) -> dict[str, str]:  # fmt: skip
    """What root reads of pf."""
    named = anchors or {}
    found = {"pf-info": info, "pf-rules": rules, "pf-nat": nat,
    "pf-anchors": "".join(f"  {name}\n" for name in named),
             "pf-tables": "".join(f"{name}\n" for name in tables or {}),
             "pf-interfaces": "".join(f"{name}{' (skip)' if name in skipped else ''}\n"
                                      for name in ("all", "en0", "em0", "lo0"))}  # fmt: skip
    for name, text in named.items():
        found[f"pf-rules {name}"] = text
        found[f"pf-nat {name}"] = ""
    found.update({f"pf-table {name}": text for name, text in (tables or {}).items()})
    return found


NOT_ROOT = dict.fromkeys(
    ("pf-info", "pf-rules", "pf-nat", "pf-anchors", "pf-tables", "pf-interfaces"), DENIED
)
APPLE_ANCHORS = {"com.apple/200.AirDrop": "", "com.apple/250.ApplicationFirewall": ""}


def mac(
    *,
    listeners: str | None = None,
    processes: Sequence[Mapping[str, Any]] | None = None,
    texts: Mapping[str, str | bytes] | None = None,
    denied: Mapping[str, str] | None = None,
    root: bool = False,
    **exchanges: Any,
) -> Synthetic:
    """A Mac in a home network with a Flask server on all addresses; pf off and readable, unless said otherwise."""
    owners = [process()] if processes is None else list(processes)
    pids = ",".join(str(one) for one in sorted({int(one["pid"]) for one in owners}))
    found: dict[str, str | bytes] = {
        "machine": machine(privileged=root),
        "ifconfig": IFCONFIG,
        "netstat-routes": ROUTES,
        "arp": ARP,
        "sysctl": "net.inet.ip.forwarding: 0\nnet.inet.tcp.blackhole: 0\nnet.inet.ip.portrange.reservedhigh: 1023\n",
        "hardware-ports": PORTS,
        "system-extensions": "0 extension(s)\n",
        "netstat-tcp": netstat(("*.5000", PID)) if listeners is None else listeners,
        "lsof-listeners": "COMMAND   PID USER   FD   TYPE DEVICE SIZE/OFF NODE NAME\n",
        f"processes pids={pids}": json.dumps(owners),
        **alf(),
        **pf("", info=PF_DISABLED),
        **(texts or {}),
    }
    refused = denied or {}
    return Synthetic(
        {name: text for name, text in found.items() if name not in refused}, refused, **exchanges
    )


FREEBSD_IFCONFIG = """em0: flags=1008843<UP,BROADCAST,RUNNING,SIMPLEX,MULTICAST,LOWER_UP> metric 0 mtu 1500
\toptions=48505bb<RXCSUM,TXCSUM,VLAN_MTU>
\tether 08:00:27:ab:b0:67
\tinet 192.168.77.10 netmask 0xffffff00 broadcast 192.168.77.255
\tmedia: Ethernet autoselect (1000baseT <full-duplex>)
\tstatus: active
lo0: flags=1008049<UP,LOOPBACK,RUNNING,MULTICAST,LOWER_UP> metric 0 mtu 16384
\tinet6 ::1 prefixlen 128
\tinet 127.0.0.1 netmask 0xff000000
\tgroups: lo
"""
FREEBSD_ROUTES = """Routing tables

Internet:
Destination        Gateway            Flags     Netif Expire
default            192.168.77.1       UGS         em0
127.0.0.1          link#2             UH          lo0
192.168.77.0/24    link#1             U           em0
192.168.77.10      link#2             UHS         lo0
"""
SOCKSTAT = "USER     COMMAND    PID   FD  PROTO  LOCAL ADDRESS         FOREIGN ADDRESS\n"


def bsd(platform: str = "freebsd14", *, texts: Mapping[str, str | bytes] | None = None,
        denied: Mapping[str, str] | None = None, **exchanges: Any) -> Synthetic:  # fmt: skip
    """A FreeBSD or OpenBSD server, read by root, with pf on."""
    exe = "/usr/local/bin/python3.11"
    socket = f"anna     python3.11 {PID}  3   tcp4   *:5000                *:*\n"
    rows = "Proto   Recv-Q Send-Q  Local Address          Foreign Address        (state)\n"
    found: dict[str, str | bytes] = {
        "machine": machine(platform, privileged=True, user_id=0, hostname="beastie"),
        "ifconfig": FREEBSD_IFCONFIG,
        "netstat-routes": FREEBSD_ROUTES,
        "arp": "? (192.168.77.1) at 9c:c7:a6:01:02:03 on em0 expires in 1100 seconds [ethernet]\n",
        "sysctl": "net.inet.ip.forwarding: 0\nnet.inet.tcp.blackhole: 0\n",
        f"processes pids={PID}": json.dumps([process(exe=exe, name="python3.11")]),
        **pf("block drop in all\n"),
        **(texts or {}),
    }
    found["sockstat" if platform.startswith("freebsd") else "netstat-tcp"] = (
        SOCKSTAT + socket if platform.startswith("freebsd")
        else f"Active Internet connections (including servers)\n{rows}"
             "tcp          0      0  *.5000                 *.*                    LISTEN\n"
    )  # fmt: skip
    refused = denied or {}
    return Synthetic(
        {name: text for name, text in found.items() if name not in refused}, refused, **exchanges
    )
