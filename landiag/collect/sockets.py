"""Sockets in listen state, from ``ss`` (which alone tells V6ONLY and device binds) or ``/proc/net/tcp``.

Sources: ss(8); proc(5) for the fallback.
"""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv4Address, IPv6Address, ip_address
from itertools import chain

from landiag.model.facts import Command, File, IPAddress, ParseError, Socket
from landiag.model.regex import regex

LISTENERS = Command("ss-listeners", ("ss", "-H", "-lntpe"))

OPTIONS = Command("ss-options", ("ss", "-H", "-lnte", "--inet-sockopt"))
"""The options of the same sockets, each on a line of its own below its socket (ss(8), iproute2 5.12)."""

PROC_TCP = File("/proc/net/tcp")
PROC_TCP6 = File("/proc/net/tcp6")

_PID = regex(r"pid=(\d+),fd=\d+\)")
_USERS = regex(r"users:\(\(.*,pid=\d+,fd=\d+\)\)")
_EXTRAS = regex(
    r"(?: timer:\([^()]*\))?(?: uid:(?P<uid>\d+))?(?: ino:(?P<ino>\d+))?(?: sk:[0-9a-f]+)?(?: fwmark:0x[0-9a-f]+)?"
    r"(?: cgroup:(?P<cgroup>\S.*?))?(?: v6only:(?P<v6only>[01]))?(?: class_id:\S+)? (?:<->|-->|<--|---)\s*"
)
"""What ``ss -e`` prints behind the users, to the end of the line (ss.c of iproute2)."""

_OPTIONS = regex(r"\s+inet-sockopt: \(([a-z_: 0-9]*)\)\s*")
_ANY_PEER = regex(r"(?:0\.0\.0\.0|\[::\]|\*):\*")
_LISTEN_STATE = "0A"  # TCP_LISTEN in include/net/tcp_states.h


def namespace_listeners(pid: int, name: str) -> Command:
    """Name the source of the listeners in another network namespace, in which process ``pid`` lives."""
    argv = ("nsenter", "-t", str(pid), "-n", "ss", "-H", "-lntpe")
    return Command(f"ss-listeners netns={name}", argv, needs_root=True)


def parse_listeners(text: str, namespace: str | None = None) -> tuple[Socket, ...]:
    """Parse ``ss -H -lntpe``. Raises ParseError for a line that is no listener."""
    return tuple(_parse_line(line, namespace) for line in text.splitlines() if line.strip())


def parse_transparent(text: str) -> Mapping[int, bool]:
    """Parse ``ss -H -lnte --inet-sockopt``: whether each socket, by its inode, is transparent (IP_TRANSPARENT)."""
    found: dict[int, bool] = {}
    inode: int | None = None
    for line in text.splitlines():
        options = _OPTIONS.fullmatch(line)
        if options is None:
            inode = _parse_line(line, None).inode
        elif inode is not None:
            found[inode] = "transparent" in options[1].split()
    return found


def _parse_line(line: str, namespace: str | None) -> Socket:
    columns = line.split(None, 5)
    if len(columns) < 6 or columns[0] != "LISTEN" or not (columns[1] + columns[2]).isdigit():
        raise ParseError(f"not a line of ss: {line[:80]!r}")
    address, device, port, is_dual = _parse_endpoint(columns[3])
    # Names of programs are free text: only what follows the last of them is ss's own.
    users, end, extras = columns[5].rpartition("))")
    # iproute2 pads the users of some lines to the longest: how many spaces follow them says nothing.
    found = _EXTRAS.fullmatch(f" {extras.lstrip()}")
    if found is None or not _ANY_PEER.fullmatch(columns[4]) or (end and not _USERS.fullmatch(users + end)):
        raise ParseError(f"not a listener of ss: {line[:80]!r}")
    v6only = None if found["v6only"] is None else found["v6only"] == "1"
    return Socket(
        address=address,
        port=port,
        device=device,
        v6only=False if is_dual else v6only,
        queue=int(columns[1]),
        backlog=int(columns[2]),
        pids=tuple(dict.fromkeys(int(pid) for pid in _PID.findall(users + end))),
        uid=int(found["uid"] or 0),
        inode=None if found["ino"] is None else int(found["ino"]),
        cgroup=found["cgroup"],
        namespace=namespace,
    )


def _parse_endpoint(text: str) -> tuple[IPAddress, str | None, int, bool]:
    """Parse ``127.0.0.1:5000``, ``0.0.0.0%eth0:80``, ``[::1]:80``, ``*:80`` (dual-stack wildcard)."""
    host, _, port = text.rpartition(":")
    host, _, device = host.replace("[", "").replace("]", "").partition("%")
    if not port.isdigit():
        raise ParseError(f"not an address and port: {text[:60]!r}")
    if host == "*":
        return IPv6Address("::"), device or None, int(port), True
    try:
        return _unmapped(ip_address(host)), device or None, int(port), False
    except ValueError as error:
        raise ParseError(f"not an address: {text[:60]!r}") from error


def _unmapped(address: IPAddress) -> IPAddress:
    """Turn an IPv4-mapped address into the IPv4 address that it serves (RFC 4291, 2.5.5.2)."""
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def parse_proc_tcp(text: str) -> tuple[Socket, ...]:
    """Parse ``/proc/net/tcp`` or ``tcp6``: no owners, no V6ONLY, no devices. The header may be missing."""
    rows = (line.split() for line in text.splitlines() if ":" in line)
    try:
        return tuple(_parse_proc_row(row) for row in rows if row[3] == _LISTEN_STATE)
    except (IndexError, ValueError) as error:
        raise ParseError(f"not /proc/net/tcp: {error}") from error


def _parse_proc_row(row: list[str]) -> Socket:
    address, port = row[1].split(":")
    queue = row[4].split(":")[1]
    return Socket(
        address=_parse_hex_address(address),
        port=int(port, 16),
        queue=int(queue, 16),
        uid=int(row[7]),
        inode=int(row[9]),
    )


def _parse_hex_address(text: str) -> IPAddress:
    """Parse an address as the kernel prints it: 32-bit words in host (little-endian) byte order."""
    words = (bytes.fromhex(text[start : start + 8])[::-1] for start in range(0, len(text), 8))
    packed = bytes(chain.from_iterable(words))
    return IPv4Address(packed) if len(packed) == 4 else _unmapped(IPv6Address(packed))
