"""What is read of macOS and the BSDs."""

from __future__ import annotations

from collections.abc import Mapping

from landiag.collect import machine
from landiag.model.facts import Command, File, Source

IFCONFIG = Command("ifconfig", ("ifconfig", "-a"))
ROUTES = Command("netstat-routes", ("netstat", "-rn"))
NEIGHBOURS = Command("arp", ("arp", "-an"))
SYSCTL = Command(
    "sysctl",
    ("sysctl", "net.inet.ip.forwarding", "net.inet.tcp.blackhole", "net.inet.ip.portrange.reservedhigh"),
    ok_statuses=(0, 1),
)
PF_INFO = Command("pf-info", ("pfctl", "-s", "info"), needs_root=True)
PF_RULES = Command("pf-rules", ("pfctl", "-s", "rules"), needs_root=True)
PF_NAT = Command("pf-nat", ("pfctl", "-s", "nat"), needs_root=True)
PF_ANCHORS = Command("pf-anchors", ("pfctl", "-v", "-s", "Anchors"), needs_root=True)
PF_TABLES = Command("pf-tables", ("pfctl", "-s", "Tables"), needs_root=True)
PF_INTERFACES = Command("pf-interfaces", ("pfctl", "-v", "-s", "Interfaces"), needs_root=True)
PF_CONF = File("/etc/pf.conf")
"""What is loaded at boot; a VPN may have loaded something else since."""

PF = (PF_INFO, PF_RULES, PF_NAT, PF_ANCHORS, PF_TABLES, PF_INTERFACES)
MAC_LISTENERS = Command("netstat-tcp", ("netstat", "-anv", "-p", "tcp"))
MAC_LSOF = Command("lsof-listeners", ("lsof", "-nP", "-iTCP", "-sTCP:LISTEN"), ok_statuses=(0, 1))
MAC_PORTS = Command("hardware-ports", ("networksetup", "-listallhardwareports"))
MAC_EXTENSIONS = Command("system-extensions", ("systemextensionsctl", "list"))
_SOCKETFILTERFW = ("--getglobalstate", "--getblockall", "--getstealthmode", "--getallowsigned", "--listapps")
MAC_ALF = tuple(Command(f"alf{flag.removeprefix('-')}", ("socketfilterfw", flag)) for flag in _SOCKETFILTERFW)
FREEBSD_LISTENERS = Command("sockstat", ("sockstat", "-46l", "-P", "tcp"))
OPENBSD_LISTENERS = Command("netstat-tcp", ("netstat", "-an", "-p", "tcp"))
COMMON: tuple[Source, ...] = (machine.MACHINE, IFCONFIG, ROUTES, NEIGHBOURS, SYSCTL, *PF, PF_CONF)
FIRST: Mapping[str, tuple[Source, ...]] = {
    "macos": (*COMMON, MAC_LISTENERS, MAC_LSOF, MAC_PORTS, MAC_EXTENSIONS, *MAC_ALF),
    "freebsd": (*COMMON, FREEBSD_LISTENERS),
    "openbsd": (*COMMON, OPENBSD_LISTENERS),
}
"""What is always read, all at once, by system."""


def anchor_source(name: str, what: str) -> Command:
    """Name the listing of an anchor's ``rules`` or ``nat``."""
    return Command(f"pf-{what} {name}", ("pfctl", "-a", name, "-s", what), needs_root=True)


def table_source(name: str) -> Command:
    """Name the listing of a table's addresses."""
    return Command(f"pf-table {name}", ("pfctl", "-t", name, "-T", "show"), needs_root=True)


def signature_source(program: str) -> Command:
    """Name the question who signed a program; a program without signature makes codesign end with 1."""
    return Command(f"codesign {program}", ("codesign", "-d", "-r-", program), ok_statuses=(0, 1))
