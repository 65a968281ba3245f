"""Names: who is asked for them, and how (resolv.conf(5), RFC 1035, RFC 6762)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from landiag.model.addresses import ip_or_none
from landiag.model.facts import Call, File, Reading, Unknown, parse_reading

RESOLV_CONF = File("/etc/resolv.conf")

UPLINKS = (File("/run/systemd/resolve/resolv.conf"), File("/run/NetworkManager/no-stub-resolv.conf"))
"""Whom a name server on this machine itself asks: systemd-resolved(8), and NetworkManager's dnsmasq."""


def parse_resolv_conf(text: str) -> tuple[str, ...]:
    """The name servers of resolv.conf(5), in order."""
    words = (line.split() for line in text.splitlines())
    return tuple(line[1] for line in words if len(line) > 1 and line[0] == "nameserver")


def read_servers(readings: Mapping[str, Reading]) -> tuple[str, ...]:
    """The name servers to ask, as the files of this machine name them; none where those could not be read."""
    behind = tuple(server for uplink in UPLINKS for server in _listed(readings, uplink))
    return servers_to_ask(_listed(readings, RESOLV_CONF), behind)


def _listed(readings: Mapping[str, Reading], file: File) -> tuple[str, ...]:
    reading = readings.get(file.name)
    servers = () if reading is None else parse_reading(reading, parse_resolv_conf)
    return () if isinstance(servers, Unknown) else servers


def servers_to_ask(listed: Sequence[str], behind: Sequence[str]) -> tuple[str, ...]:
    """The name servers to ask: instead of one on this machine's loopback, those ``behind`` it, where they are known.

    That one knows this machine's own list (hosts), too, and answers for servers that are silent.
    """
    if not any(map(is_own, listed)):
        return tuple(listed)
    others = dict.fromkeys(server for server in (*listed, *behind) if not is_own(server))
    return tuple(others) or tuple(listed)


def is_own(server: str) -> bool:
    """Whether a name server is on this machine's loopback."""
    address = ip_or_none(server)
    return address is not None and address.is_loopback


def resolve(name: str, family: str) -> Call:
    """The system resolver, which mixes files, caches and servers."""
    return Call("resolve", (("name", name), ("family", family)), seconds=1.8)


def name_servers(name: str, servers: Sequence[str]) -> Call:
    """The name servers themselves; mDNS too for names that it may know."""
    wants_mdns = name.endswith(".local") or "." not in name
    asked = name if "." in name else f"{name}.local"
    params = (("name", asked), ("servers", ",".join(servers)), ("mdns", "1" if wants_mdns else "0"))
    return Call("name-servers", params, seconds=1.2)
