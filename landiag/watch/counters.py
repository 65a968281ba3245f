"""What the kernel counts and lists beside packets: /proc/net/netstat, and connections that are half open. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from landiag.model.addresses import ip_or_none
from landiag.model.facts import Command, File

NETSTAT = File("/proc/net/netstat")

COUNTED = (
    "TcpExtListenOverflows",
    "TcpExtListenDrops",
    "TcpExtTCPReqQFullDrop",
    "TcpExtIPReversePathFilter",
    "TcpExtTCPBacklogDrop",
)
"""The counters that explain a SYN without an answer, by nstat(8)'s names."""


def half_open_source(port: int) -> Command:
    """Name the source of the connections to a port that wait for the client's last word."""
    return Command("ss-half-open", ("ss", "-H", "-tn", "state", "syn-recv", "sport", "=", f":{port}"))


def parse_netstat(text: str) -> Mapping[str, int]:
    """Read /proc/net/netstat: pairs of lines, names and values. Counters that are missing are left out."""
    lines = text.splitlines()
    found: dict[str, int] = {}
    for names, values in zip(lines[::2], lines[1::2], strict=False):
        group = names.partition(":")[0]
        pairs = zip(names.split()[1:], values.split()[1:], strict=False)
        found.update({group + name: int(value) for name, value in pairs if value.isdigit()})
    return {name: found[name] for name in COUNTED if name in found}


def parse_half_open(text: str) -> tuple[str, ...]:
    """Read ``ss -H -tn state syn-recv``: ``ADDRESS PORT`` of each client; lines of another shape are left out."""
    return tuple(client for client in map(_client, text.splitlines()) if client)


def _client(line: str) -> str:
    columns = line.split()
    if len(columns) < 4:
        return ""
    host, _, port = columns[3].rpartition(":")
    address = ip_or_none(host.strip("[]"))
    if address is None:
        return ""
    mapped = getattr(address, "ipv4_mapped", None)
    return f"{mapped or address} {port}"
