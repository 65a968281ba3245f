"""What whoever reads a Linux machine holds to, landiag as well as the recorder that it writes for hosts without it."""

from __future__ import annotations

from collections.abc import Mapping

MAX_BYTES = 64 * 1024 * 1024
"""The most that one command or file may say; a ruleset of 100,000 rules is about 30 MB of JSON."""

DENIED_WORDS = ("operation not permitted", "permission denied", "you must be root", "need to be root")
"""By these words, in lower case, tools say that they lack a right."""

MODULE_OPTIONS: Mapping[str, str] = {
    "nf_tables": "CONFIG_NF_TABLES",
    "ip_tables": "CONFIG_IP_NF_IPTABLES",
    "ip6_tables": "CONFIG_IP6_NF_IPTABLES",
    "ip_set": "CONFIG_IP_SET",
    "nf_conntrack": "CONFIG_NF_CONNTRACK",
    "xfrm_user": "CONFIG_XFRM_USER",
    "wireguard": "CONFIG_WIREGUARD",
}
"""The option of the kernel's configuration that builds a module in."""

VIRTUAL_VENDORS = (
    "QEMU",
    "KVM",
    "VMware",
    "VirtualBox",
    "innotek",
    "Xen",
    "Amazon EC2",
    "Google Compute",
    "Virtual",
)
"""Words of /sys/class/dmi/id by which a virtual machine is known."""
