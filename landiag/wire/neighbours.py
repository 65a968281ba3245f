"""The kernel's IPv4 neighbours, read without a command: exchanges look at them many times a second."""

from __future__ import annotations

import sys

_COMPLETE = 0x2  # include/uapi/linux/if_arp.h, ATF_COM


def neighbours(*, complete: bool) -> set[str]:
    """The addresses whose MAC address the kernel knows, or asked for in vain; empty without /proc/net/arp."""
    if sys.platform != "linux":
        return set()
    try:
        with open("/proc/net/arp", encoding="ascii") as table:
            rows = [line.split() for line in table][1:]
    except OSError:
        return set()
    return {row[0] for row in rows if len(row) >= 6 and bool(int(row[2], 16) & _COMPLETE) is complete}
