"""Names and makers of many machines, as far as this system knows them without long questions."""

from __future__ import annotations

import socket
import threading
from collections.abc import Mapping

from msgspec import Struct

from landiag.probe.transcript import Deadline, decode, encode

_LOCALLY_ADMINISTERED = 0x02


class HostNames(Struct, frozen=True):
    """Names by address; an address that is missing has none that came in time."""

    names: dict[str, str]


def parse_host_names(text: str) -> HostNames:
    """The transcript that ``host_names`` wrote. Raises ParseError."""
    return decode(text, HostNames)


def host_names(params: Mapping[str, str], timeout: float) -> bytes:
    """Ask the system resolver for the names of ``addresses`` (commas between), all at once.

    The resolver has no deadline: what has not come in time is left out, and its threads are left behind.
    """
    deadline = Deadline.after(timeout)
    addresses = params["addresses"].split(",")[:256]
    names: dict[str, str] = {}

    def ask(address: str) -> None:
        try:
            names[address] = socket.getnameinfo((address, 0), socket.NI_NAMEREQD)[0]
        except OSError:
            return

    threads = [threading.Thread(target=ask, args=(address,), daemon=True) for address in addresses]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(deadline.left())
    return encode(HostNames(dict(names)))


def parse_makers(text: str, macs: tuple[str, ...]) -> dict[str, str]:
    """The makers of these MAC addresses, from nmap's or the IEEE's list of prefixes.

    Lines are ``0050C2 Maker`` or ``00-50-C2   (hex)\\t\\tMaker``; a prefix that is not listed is left out.
    """
    wanted = {mac.replace(":", "")[:6].upper() for mac in macs if not is_random(mac)}
    found: dict[str, str] = {}
    for line in text.splitlines():
        prefix = line[:8].replace("-", "")[:6].upper()
        if prefix in wanted and prefix not in found:
            found[prefix] = line[8:].replace("(hex)", "").strip() if line[2:3] == "-" else line[7:].strip()
    return {mac: found[key] for mac in macs if (key := mac.replace(":", "")[:6].upper()) in found}


def is_random(mac: str) -> bool:
    """Whether a MAC address was made up (private Wi-Fi addresses, containers, virtual machines)."""
    return bool(int(mac[:2], 16) & _LOCALLY_ADMINISTERED)
