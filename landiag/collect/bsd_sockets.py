"""Listening sockets as netstat, lsof and sockstat of the BSDs and macOS list them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from ipaddress import ip_address

from landiag.model.addresses import ip_or_none
from landiag.model.facts import IPAddress, ParseError, Socket
from landiag.model.regex import regex

_LISTEN = ("LISTEN", "LISTENING")


def parse_netstat(text: str) -> tuple[Socket, ...]:
    """`netstat -an` and `netstat -anv`: listening TCP sockets, with pids where there is a column for them.

    The columns behind the state changed with every version: they are found by the heading. Raises ParseError
    when no TCP line is in it.
    """
    heading: list[str] = []
    found: list[Socket] = []
    rows = 0
    for line in text.splitlines():
        words = line.split()
        if "(state)" in line and "Proto" in line:
            heading = line.partition("(state)")[2].split()
        if len(words) > 1 and words[1].startswith("tcp"):  # -A puts the socket's address first
            words = words[1:]
        if not words or not words[0].startswith("tcp"):
            continue
        rows += 1
        state = next((at for at, word in enumerate(words) if word in _LISTEN), None)
        endpoint = parse_endpoint(words[3], words[0]) if len(words) > 3 else None
        if state is None or endpoint is None:
            continue
        pid = _pid(heading, words[state + 1 :])
        v6only = {"tcp46": False, "tcp6": True}.get(words[0]) if endpoint[0].version == 6 else None
        found.append(Socket(endpoint[0], endpoint[1], v6only=v6only, pids=() if pid is None else (pid,)))
    if not rows:
        raise ParseError("no TCP line in it")
    return tuple(found)


def _pid(heading: Sequence[str], behind: Sequence[str]) -> int | None:
    if "process:pid" in heading:
        named = next((found for word in behind if (found := re.search(r":(\d+)$", word))), None)
        return None if named is None else int(named[1])
    if "pid" not in heading or heading.index("pid") >= len(behind):
        return None
    word = behind[heading.index("pid")]
    return int(word) if word.isdecimal() else None


def parse_endpoint(text: str, protocol: str) -> tuple[IPAddress, int] | None:
    """``*.5000``, ``127.0.0.1.5000``, ``fe80::1%lo0.5000``, ``*:22``; None for names."""
    host, _, port = text.rpartition("." if "." in text and not re.search(r":\d+$", text) else ":")
    if not port.isdecimal():
        return None
    wildcard = "0.0.0.0" if protocol in ("tcp4", "tcp", "IPv4") else "::"
    address = ip_address(wildcard) if host == "*" else ip_or_none(host.strip("[]"))
    return None if address is None else (address, int(port))


_LSOF = regex(r"^(\S+)\s+(\d+)\s+(\S+)\s+\S+\s+(IPv4|IPv6)\s+.*\bTCP\s+(\S+)\s+\(LISTEN\)")


def parse_lsof(text: str) -> tuple[tuple[Socket, str], ...]:
    """`lsof -nP -iTCP -sTCP:LISTEN`: sockets, each with its command (cut to nine letters). Empty where none is."""
    found: list[tuple[Socket, str]] = []
    for line in text.splitlines():
        row = _LSOF.match(line)
        endpoint = parse_endpoint(row[5], row[4]) if row else None
        if row and endpoint:
            found.append(
                (Socket(endpoint[0], endpoint[1], pids=(int(row[2]),)), row[1].replace("\\x20", " "))
            )
    return tuple(found)


def parse_sockstat(text: str) -> tuple[Socket, ...]:
    """FreeBSD's `sockstat -46l -P tcp`. Raises ParseError without its heading."""
    if "COMMAND" not in text:
        raise ParseError("not what sockstat prints")
    found: list[Socket] = []
    for line in text.splitlines():
        words = line.split()
        at = next((at for at, word in enumerate(words) if re.fullmatch(r"tcp4?6?", word)), None)
        if at is None or at + 1 >= len(words) or at < 2:
            continue
        endpoint = parse_endpoint(words[at + 1], words[at])
        pid = words[at - 2]
        if endpoint:
            v6only = {"tcp46": False, "tcp6": True}.get(words[at]) if endpoint[0].version == 6 else None
            found.append(Socket(*endpoint, v6only=v6only, pids=(int(pid),) if pid.isdecimal() else ()))
    return tuple(found)
