"""The makers of network cards, by the lists of MAC prefixes that a system may have."""

from __future__ import annotations

from landiag.model.facts import File

MAKERS = (File("/usr/share/nmap/nmap-mac-prefixes"), File("/usr/share/ieee-data/oui.txt"))
"""Lists of MAC prefixes that a system may have."""

_LOCALLY_ADMINISTERED = 0x02


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
