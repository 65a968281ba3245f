"""What is read of a Linux host's packet filters; no parser is imported for it, so that reading can begin at once."""

from __future__ import annotations

from landiag.model.facts import Call, Command, File

NFT = Command("nft-ruleset", ("nft", "-j", "list", "ruleset"), needs_root=True, module="nf_tables")
NFT_TEXT = Command("nft-text", ("nft", "-t", "list", "ruleset"), needs_root=True, module="nf_tables")
IPTABLES = Command("iptables-save", ("iptables-nft-save",), needs_root=True, module="nf_tables")
IP6TABLES = Command("ip6tables-save", ("ip6tables-nft-save",), needs_root=True, module="nf_tables")
LEGACY = Command("iptables-legacy-save", ("iptables-legacy-save", "-c"), needs_root=True, module="ip_tables")
LEGACY6 = Command(
    "ip6tables-legacy-save", ("ip6tables-legacy-save", "-c"), needs_root=True, module="ip6_tables"
)
"""With counters: the kernel traces none of these rules, so a rule that counted is the only witness (watch)."""
EBTABLES = Command("ebtables-save", ("ebtables-nft-save",), needs_root=True, module="nf_tables")
"""What `nft -j` hides of the rules of bridges that ebtables-nft made."""
IPSET = Command("ipset-save", ("ipset", "save"), needs_root=True, module="ip_set")

NF_TABLES = Call("nf-tables", seconds=2.0)
"""Which tables are loaded, asked of the kernel where nft is not installed."""

ALWAYS_THERE = File("/proc/sys/net/ipv4/ip_forward")
"""A file that is there wherever /proc can be read."""


def inner_sources(pid: int, name: str) -> dict[str, Command]:
    """The rules of another network namespace, in which process ``pid`` lives, by the names of our own."""
    inside = ("nsenter", "-t", str(pid), "-n")
    return {
        one.name: Command(
            f"{one.name} netns={name}", (*inside, *one.argv), needs_root=True, module=one.module
        )
        for one in (NFT, IPTABLES, IP6TABLES, LEGACY, LEGACY6)
    }


QUEUES = File("/proc/net/netfilter/nfnetlink_queue", needs_root=True)
"""The queues of packets (NFQUEUE) that a program reads, one a line; without the file no program reads any."""

MORE = (NFT_TEXT, NF_TABLES, EBTABLES)
"""What is read in a second round, where the first makes it worth reading."""

NAMES = File("/proc/net/ip_tables_names", needs_root=True)
NAMES6 = File("/proc/net/ip6_tables_names", needs_root=True)

SOURCES: tuple[Command | File, ...] = (NFT, IPTABLES, IP6TABLES, LEGACY, LEGACY6, IPSET, NAMES, NAMES6)
"""What is always read."""
