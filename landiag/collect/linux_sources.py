"""What is read of a Linux host; nothing that judges is imported for it, so that reading can begin at once."""

from __future__ import annotations

from landiag.collect import (
    bpf,
    hints,
    interfaces,
    machine,
    neighbours,
    queues,
    routes,
    sockets,
    wireguard,
    xfrm,
)
from landiag.firewall.sources import QUEUES, SOURCES
from landiag.model.facts import File, Source

SYSCTL_FOLDER = "/proc/sys/"

SYSCTLS = (
    ("net.ipv4.ip_forward", "net.ipv4.conf.all.rp_filter", "net.ipv4.conf.all.src_valid_mark")
    + ("net.ipv4.ip_unprivileged_port_start", "net.ipv4.icmp_echo_ignore_all", "net.ipv4.tcp_l3mdev_accept")
    + ("net.ipv6.conf.all.forwarding", "net.ipv6.bindv6only")
    + (
        "net.ipv4.conf.all.accept_local",
        "net.ipv4.conf.all.arp_ignore",
        "net.ipv4.conf.all.proxy_arp",
        "net.ipv4.conf.all.arp_filter",
        "net.ipv4.conf.all.arp_announce",
        "net.ipv4.conf.all.route_localnet",
        "net.ipv4.tcp_fwmark_accept",
        "net.ipv4.tcp_syncookies",
        "net.ipv4.fwmark_reflect",
        "net.ipv4.ip_default_ttl",
    )
    + ("net.netfilter.nf_conntrack_count", "net.netfilter.nf_conntrack_max")
    + ("net.netfilter.nf_conntrack_tcp_loose",)
    + ("net.bridge.bridge-nf-call-iptables", "net.bridge.bridge-nf-call-ip6tables")
)
"""The kernel settings that decide something; see Documentation/networking/ip-sysctl.rst in the kernel."""

INTERFACE_SETTINGS = (
    *(
        "rp_filter",
        "arp_ignore",
        "proxy_arp",
        "arp_filter",
        "arp_announce",
        "route_localnet",
        "src_valid_mark",
        "accept_local",
        "forwarding",
    ),
)
"""Those that each interface has, too."""

FIRST: tuple[Source, ...] = (
    *SOURCES,
    QUEUES,
    machine.MACHINE,
    sockets.LISTENERS,
    interfaces.INTERFACES,
    routes.ROUTES4,
    routes.ROUTES6,
    routes.RULES4,
    routes.RULES6,
    neighbours.NEIGHBOURS,
    machine.NAMESPACES,
    xfrm.POLICIES,
    wireguard.ALLOWED,
    queues.QUEUES,
    bpf.ATTACHED,
    *(File(SYSCTL_FOLDER + name.replace(".", "/")) for name in SYSCTLS),
    *hints.SOURCES,
)
"""What is always read, all at once; the rules come first, because a large ruleset takes the longest."""


def interface_settings(interface: str) -> tuple[File, ...]:
    """Name the sources of an interface's own settings that decide something (ip-sysctl.rst)."""
    names = (
        *(f"ipv4/conf/{interface}/{name}" for name in INTERFACE_SETTINGS),
        f"ipv6/conf/{interface}/hop_limit",
    )
    return tuple(File(f"{SYSCTL_FOLDER}net/{name}") for name in names)
