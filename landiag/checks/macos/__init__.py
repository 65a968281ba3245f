"""Checks of macOS and the BSDs."""

from __future__ import annotations

from landiag.checks.macos import firewall, port
from landiag.checks.system import System
from landiag.collect import bsd_net
from landiag.model.facts import Command

_ARP_AFTER = Command("arp-after", ("arp", "-an"))

SYSTEM = System(
    check_firewall=firewall.check_firewall,
    check_port=lambda case, _error: port.check_port(case),
    arp_after=_ARP_AFTER,
    parse_arp=lambda text, _interfaces: bsd_net.parse_arp(text),
)
"""What the checks ask differently on macOS."""

BSD = System(
    check_firewall=firewall.check_firewall,
    arp_after=_ARP_AFTER,
    parse_arp=lambda text, _interfaces: bsd_net.parse_arp(text),
)
"""What they ask differently on FreeBSD and OpenBSD."""
