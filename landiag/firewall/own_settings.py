"""Where programs that write their rules themselves keep what they let in: what to do there, in their own words."""

from __future__ import annotations

from collections.abc import Mapping

from landiag.firewall.owners import Manager

OWN_SETTINGS: Mapping[Manager, tuple[str, ...]] = {
    Manager.PROXMOX: (
        "In the web interface, under the node's Firewall, add a rule: direction in, action ACCEPT, protocol tcp, port"
        " {port}. pve-firewall writes its chains anew every few seconds, so that a rule of iptables would not stay.",
    ),
    Manager.OPENWRT: (
        "In /etc/config/firewall add a section: config rule, with option src 'wan' (or the clients' zone), option"
        " dest_port '{port}', option proto 'tcp' and option target 'ACCEPT'.",
        "Then load it: /etc/init.d/firewall restart",
    ),
    Manager.CSF: (
        "Add {port} to TCP_IN in /etc/csf/csf.conf (and to TCP6_IN for IPv6).",
        "Then load it: csf -r",
    ),
    Manager.TAILSCALE: (
        "Tailscale drops addresses of 100.64.0.0/10 that come in by another interface than its own: give the local"
        " network another range,",
        "or let Tailscale write no such rules: tailscale set --netfilter-mode=nodivert (its page says what to add).",
    ),
}
